using Waybill.EventStore.Integrity;

namespace Waybill.EventStore.Appending;

/// <summary>
/// A connection that writes, for one thread only. After any exception it is disposed, and another one is opened.
/// </summary>
internal interface IStoreWriter : IDisposable
{
    /// <summary>The position of the last event that is known to be committed.</summary>
    long Head { get; }

    /// <summary>The rows that the last commit has added to the log.</summary>
    IReadOnlyList<LogRow> Added { get; }

    /// <summary>Carries out all that is pending in one transaction, and keeps each one's result in it.</summary>
    void Commit(IReadOnlyList<Pending> batch);
}
