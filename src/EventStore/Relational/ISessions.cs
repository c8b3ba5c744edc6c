namespace Waybill.EventStore.Relational;

/// <summary>Gives a store's sessions to what is kept beside its log.</summary>
internal interface ISessions
{
    /// <summary>Reads on a session of its own.</summary>
    Task<T> Read<T>(Func<StoreSession, CancellationToken, Task<T>> read, CancellationToken cancellation);

    /// <summary>Writes in one transaction. What throws, other than the store, has no effect.</summary>
    Task<T> Write<T>(Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation);

    /// <summary>Writes what is one statement where the store can do it in one, and needs no transaction then.</summary>
    Task<T> WriteAtOnce<T>(Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation);

    /// <summary>
    /// Writes in one transaction that may take up to <see cref="LeisureLimit"/> where it keeps nobody waiting, as on
    /// PostgreSQL; on SQLite no longer than any other.
    /// </summary>
    Task<T> WriteAtLeisure<T>(Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation);

    /// <summary>Enough to index some hundred million rows.</summary>
    static TimeSpan LeisureLimit => TimeSpan.FromMinutes(10);
}
