// Shows that all entries of the package share one error class: a store that is open already is refused by one entry with the class of
// another.
exports.assertOneErrorClass = async ({ isSyncError, SyncError }, openTheSameStoreAgain) => {
  const error = await openTheSameStoreAgain().then(
    () => undefined,
    (reason) => reason,
  )
  if (!isSyncError(error, 'profile-in-use')) throw new Error(`not refused as open already: ${error}`)
  if (!(error instanceof SyncError)) throw new Error('the entries of the package have an error class each')
}
