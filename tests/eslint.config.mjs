// What the pages' scripts hold to. Each page is linted as what it is: one script made of its parts, in their order.

const browser = [
  "document", "window", "performance", "getComputedStyle", "requestAnimationFrame", "cancelAnimationFrame",
  "Path2D", "Image", "ResizeObserver", "atob", "setTimeout", "clearTimeout", "URL", "URLSearchParams", "Blob",
];

export default [
  {
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "script",
      globals: Object.fromEntries(browser.map((name) => [name, "readonly"])),
    },
    rules: {
      // Wrong, or nearly always.
      "array-callback-return": "error",
      "no-cond-assign": "error",
      "no-const-assign": "error",
      "no-constant-binary-expression": "error",
      "no-dupe-args": "error",
      "no-dupe-class-members": "error",
      "no-dupe-else-if": "error",
      "no-dupe-keys": "error",
      "no-fallthrough": "error",
      "no-loss-of-precision": "error",
      "no-redeclare": "error",
      "no-self-assign": "error",
      "no-undef": "error",
      "no-unreachable": "error",
      "no-unused-expressions": ["error", { allowTernary: true }],
      "no-unused-private-class-members": "error",
      "no-unused-vars": "error",
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "use-isnan": "error",
      "valid-typeof": "error",
      // What could run what an event wrote.
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-script-url": "error",
      "no-restricted-properties": ["error", { property: "innerHTML" }, { property: "outerHTML" }, { property: "write" }],
      "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "WebSocket", "EventSource", "navigator", "localStorage"],
      // One way to say a thing.
      "eqeqeq": "error",
      "no-console": "error",
      "no-else-return": "error",
      "no-lonely-if": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      "strict": "off",
    },
  },
];
