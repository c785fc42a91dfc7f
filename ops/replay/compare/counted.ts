/** `1 turn`, `2 turns`. @param many where it is more than the noun with an s */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
