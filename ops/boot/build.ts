/** Version of this build; recorded at every start of an actor. */
export const BUILD = '0.1.0';
