namespace Waybill.EventStore.Relational;

/// <summary>Gives a store's sessions to what is kept beside its log.</summary>
internal interface ISessions
{
    /// <summary>Reads on a session of its own.</summary>
    Task<T> Read<T>(Func<StoreSession, CancellationToken, Task<T>> read, CancellationToken cancellation);

    /// <summary>Writes in one transaction. What throws, other than the store, has no effect.</summary>
    Task<T> Write<T>(Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation);
}
