/** `1 turn`, `2 turns`. @param many the plural, when it is not the singular with an s */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
