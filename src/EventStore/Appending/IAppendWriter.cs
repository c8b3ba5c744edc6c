namespace Waybill.EventStore.Appending;

/// <summary>
/// A connection that writes, for one thread only. After any exception it is disposed, and another one is opened.
/// </summary>
internal interface IAppendWriter : IDisposable
{
    /// <summary>Carries out the appends in one transaction and returns their results in the same order.</summary>
    AppendResult[] Commit(IReadOnlyList<PendingAppend> appends);
}
