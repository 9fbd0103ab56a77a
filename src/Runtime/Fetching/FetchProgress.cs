namespace Ops.Runtime.Fetching;

/// <summary>Takes how much of the files is there; below zero when something has to be fetched anew.</summary>
/// <param name="bytes">More than at the call before by so many bytes.</param>
/// <param name="fetched">Whether they came from the source just now, and not from this machine.</param>
internal delegate void FetchProgress(long bytes, bool fetched);
