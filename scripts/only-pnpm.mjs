if (!(process.env.npm_config_user_agent ?? '').startsWith('pnpm')) {
  console.error(
    'This is a pnpm workspace. `npm test` and `npm run demo` install everything by themselves; or run `npx pnpm@10 install`.',
  )
  process.exit(1)
}
