/** Number of turns that could not be played for one reason. */
export interface Unplayed {
  readonly why: string;
  readonly turns: number;
}

/**
 * Counts the turns that could not be played, by reason; the most frequent first.
 * @param seen for each turn the reason; undefined = it was played
 */
export function planUnplayed(seen: Iterable<string | undefined>): readonly Unplayed[] {
  const turns = new Map<string, number>();
  for (const why of seen) if (why !== undefined) turns.set(why, (turns.get(why) ?? 0) + 1);
  return [...turns].map(([why, count]) => ({ why, turns: count })).sort((a, b) => b.turns - a.turns);
}
