/** The name of a folder that holds the versions of a result: source passes it over, sink fills it. */
export const STORE_NAME = /^\..+\.playfold$/;
