import {
  CLASS_END,
  CLASS_PAUSE,
  CLASS_PLAY,
  CLASS_PROGRESS,
  CLASS_RESUME,
  CLASS_SEEK,
} from '../kernel/layout.ts';

export const CLASS_NAMES = ['play', 'resume', 'pause', 'end', 'seek', 'progress'] as const;
export type ClassName = (typeof CLASS_NAMES)[number];

/** The kernel's rank of each event class. */
export const CLASS_RANKS: Readonly<Record<ClassName, number>> = {
  play: CLASS_PLAY,
  resume: CLASS_RESUME,
  pause: CLASS_PAUSE,
  end: CLASS_END,
  seek: CLASS_SEEK,
  progress: CLASS_PROGRESS,
};

/** The event names that are understood unless configured otherwise (SPEC.md section 1). */
export const DEFAULT_EVENT_NAMES: Readonly<Record<ClassName, readonly string[]>> = {
  play: ['video_play', 'play', 'played', 'video_start', 'start'],
  resume: ['video_resume', 'resume'],
  pause: ['video_pause', 'pause', 'paused', 'video_stop', 'stop', 'stopped', 'terminated'],
  end: ['video_end', 'video_ended', 'end', 'ended', 'video_complete', 'complete', 'completed'],
  seek: ['video_seek', 'seek', 'seeked', 'video_seeked'],
  progress: ['video_progress', 'progress', 'timeupdate', 'heartbeat', 'video_heartbeat', 'ping'],
};

/** The form in which names are compared: without surrounding space, in lower case. */
export function normalizeEventName(name: string): string {
  return name.trim().toLowerCase();
}
