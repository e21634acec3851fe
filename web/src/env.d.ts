/// <reference types="svelte" />
/// <reference types="vite/client" />

// What a build may be told. All are optional: unset means "the origin the page came from".
interface ImportMetaEnv {
  /** The API, with `/api`: `http://HOST/api`. */
  readonly VITE_API_URL?: string;
  /** The socket's server, without a path: `http://HOST`. */
  readonly VITE_WS_URL?: string;
  readonly VITE_WS_NAMESPACE?: string;
  readonly VITE_WS_PATH?: string;
}
