/** The file providers that every world's servers are configured with; a load from any other is refused (bl 6.1 #6). */
export const PROVIDERS: readonly string[] = ['local'];
