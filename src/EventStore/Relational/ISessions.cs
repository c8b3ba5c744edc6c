using Waybill.EventStore.ReadModels;

namespace Waybill.EventStore.Relational;

/// <summary>Gives a store's sessions to what is kept beside its log.</summary>
internal interface ISessions
{
    /// <summary>The end of the log, as far as this process has written it.</summary>
    RecentEvents Recent { get; }

    /// <summary>Reads on a session of its own.</summary>
    Task<T> Read<T>(Func<StoreSession, CancellationToken, Task<T>> read, CancellationToken cancellation);

    /// <summary>Writes in one transaction. What throws, other than the store, has no effect.</summary>
    Task<T> Write<T>(Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation);

    /// <summary>
    /// Writes with one call of the session, which has its effect whole or not at all without a transaction around it.
    /// </summary>
    Task<T> WriteAtOnce<T>(Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation);

    /// <summary>
    /// Moves a projection's position, if it is where the commit says, and writes its rows then: what most commits of a
    /// projection are, and so what a store does for several of them at a time.
    /// </summary>
    /// <returns>Whether the position was there.</returns>
    Task<bool> Advance<TRow>(
        ReadModel<TRow> model, ProjectionCommit<TRow> commit, CancellationToken cancellation)
        where TRow : class;

    /// <summary>
    /// Writes in one transaction that may take up to <see cref="LeisureLimit"/> where it keeps nobody waiting, as on
    /// PostgreSQL; on SQLite no longer than any other.
    /// </summary>
    Task<T> WriteAtLeisure<T>(Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation);

    /// <summary>Enough to index some hundred million rows.</summary>
    static TimeSpan LeisureLimit => TimeSpan.FromMinutes(10);
}
