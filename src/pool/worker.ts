import { workerData } from 'piscina';
import type { ExecutorSettings } from './executor.ts';
import { type Task, type TaskResult, TaskRunner } from './task.ts';

const tasks = new TaskRunner(workerData as ExecutorSettings);

/** Does one unit of work in this worker. */
export default function work(task: Task): Promise<TaskResult> {
  return tasks.run(task);
}
