import type { z } from 'zod';

/** A zod type below its wrappers, told apart by `_zod.def.type`. */
export type PlainType = z.core.$ZodTypes;

/** Takes off defaults, optionality and transforms: what a user writes. */
export function plainType(type: z.core.$ZodType): PlainType {
  const { def } = (type as PlainType)._zod;
  switch (def.type) {
    case 'default':
    case 'prefault':
    case 'optional':
      return plainType(def.innerType);
    case 'pipe':
      return plainType(def.in);
    default:
      return type as PlainType;
  }
}

/** The keys of an object type and their types; null for any other type. */
export function shapeOf(type: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | null {
  const { def } = plainType(type)._zod;
  return def.type === 'object' ? def.shape : null;
}

/** The type that stands at a path; undefined where there is none. */
export function typeAt(type: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return type;
  const { def } = plainType(type)._zod;
  if (def.type === 'array') return typeAt(def.element, rest);
  if (def.type === 'record') return typeAt(def.valueType, rest);
  const shape = shapeOf(type) ?? {};
  const inner = Object.hasOwn(shape, key) ? shape[String(key)] : undefined;
  return inner === undefined ? undefined : typeAt(inner, rest);
}

/** The constant default of a type; undefined where it has none. */
export function defaultOf(type: z.core.$ZodType): unknown {
  const { def } = (type as PlainType)._zod;
  return def.type === 'default' || def.type === 'prefault' ? def.defaultValue : undefined;
}
