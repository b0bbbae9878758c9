import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// ESLint warns about an ignored file that is named on its command line. Therefore generated files are not ignored, but have no rules.
const NO_RULES = Object.fromEntries(
  [
    ...Object.keys(js.configs.all.rules),
    ...Object.keys(tseslint.plugin.rules).map((name) => `@typescript-eslint/${name}`),
  ].map((name) => [name, 'off']),
);

// The names of variables and fields that hold an EtcdClient or a WatchClient.
const CLIENT_NAME = '/^(bare|etcd|watches)$|client$/i';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.latchkey'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports' },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // The types of Express extend Node's request classes by interfaces.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Express recognizes error handlers by their four parameters.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Secrets are compared in one place, in constant time.
    files: ['src/**/*.ts'],
    ignores: ['src/core/secret.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        ...['node:crypto', 'crypto'].map((name) => ({
          name,
          importNames: ['timingSafeEqual'],
          message: 'compare secrets with isSameSecret or isSameDigest of src/core/secret.ts',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        ...['left', 'right'].map((side) => ({
          selector: `BinaryExpression[operator=/^[!=]==?$/] > CallExpression.${side} > MemberExpression[property.name='reveal']`,
          message: 'compare secrets with isSameSecret of src/core/secret.ts',
        })),
        // A decorator that spreads the client would pass a new RPC without a check.
        {
          selector: `ObjectExpression > SpreadElement > Identifier[name=${CLIENT_NAME}]`,
          message: 'name each unchanged RPC in passThrough of src/etcd/pass-through.ts',
        },
        {
          selector: `ObjectExpression > SpreadElement > MemberExpression > .property[name=${CLIENT_NAME}]`,
          message: 'name each unchanged RPC in passThrough of src/etcd/pass-through.ts',
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'no-console': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
  { files: ['src/http/generated/**/*.ts'], rules: NO_RULES },
);
