using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Waybill.EventStore.Appending;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// The log in a PostgreSQL database, for any number of processes. Appends of this process go through one writer that
/// commits them in groups; reads run beside it on pooled connections.
/// </summary>
/// <remarks>An outage fails the calls that meet it, in bounded time; the next ones connect anew.</remarks>
public sealed class PostgresEventStore : RelationalEventStore, IDisposable
{
    private const int OpenAttempts = 3;

    private readonly PostgresConnections _connections;
    private readonly PostgresListener _listener;
    private readonly PostgresAdvances _advances;
    private readonly TimeSpan _limit;
    private readonly ILogger _logger;
    private volatile bool _closed;

    /// <summary>Connects, and makes or migrates the tables first where needed.</summary>
    /// <exception cref="StoreTooNewException">The tables were made by a newer Waybill.</exception>
    /// <exception cref="StoreUnavailableException">The server cannot be reached, or lets this user not in.</exception>
    /// <exception cref="StoreUnsuitableException">The server or the connection string will never do.</exception>
    public PostgresEventStore(
        PostgresEventStoreOptions options, EventTypes types, TimeProvider time, ILogger<PostgresEventStore> logger)
    {
        _limit = options.Limit;
        _advances = new PostgresAdvances(Execute);
        _logger = logger;
        _connections = new PostgresConnections(options);
        try
        {
            Prepare(time);
            Commits = new GroupCommit(
                options, types, () => OpenWriter(time), PostgresFailure.CannotWrite, Committed, logger);
            _listener = new PostgresListener(_connections, Signal, logger);
        }
        catch (Exception error)
        {
            _connections.Dispose();
            if (PostgresFailure.Is(error))
                throw PostgresFailure.CannotOpen(_connections.Place, error);
            throw;
        }
    }

    private protected override GroupCommit Commits { get; }

    /// <inheritdoc/>
    public override Task<bool> ForgetSubjectAsync(string subject, CancellationToken cancellation = default) => Write(
        async (session, c) =>
        {
            // An append that has the key in hand is finished first, and the next one finds that it is gone.
            await session.ExecuteAsync("lock-log", [], c);
            return await session.ForgetSubjectAsync(subject, c);
        },
        cancellation);

    /// <summary>Finishes the appends already taken and closes the connections.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        Commits.Dispose();
        _listener.Dispose();
        Signal.Close();
        _connections.Dispose();
    }

    // A process that starts has its threads busy, so that an answer that has come may find nobody to take it in time.
    private void Prepare(TimeProvider time)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                using var connection = _connections.OpenWriter();
                PostgresServer.Check(connection, _connections.Place, _logger);
                PostgresSchema.Migrate(connection, _connections.Place, time);
                return;
            }
            catch (Exception late) when (PostgresFailure.IsTimeout(late) && attempt < OpenAttempts)
            {
                _logger.LogWarning("PostgreSQL ({Place}) does not answer in time.", _connections.Place);
            }
    }

    private PostgresWriter OpenWriter(TimeProvider time)
    {
        Recent.Clear(); // Another server may have taken over, without the last commits.
        var connection = _connections.OpenWriter();
        try
        {
            return new PostgresWriter(connection, time);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private protected override Task<T> Read<T>(
        Func<StoreSession, CancellationToken, Task<T>> read, CancellationToken cancellation) =>
        // The driver holds its limits one after another: a server that is silent can cost it three of them.
        ToTheEnd(
            connection => read(new PostgresSession(connection), cancellation),
            PostgresFailure.CannotRead,
            cancellation).Within(_limit, cancellation);

    private protected override Task<T> Write<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        WriteToTheEnd(write, cancellation).Within(_limit, cancellation);

    private protected override Task<T> WriteAtOnce<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        ToTheEnd(
            connection => write(new PostgresSession(connection), cancellation),
            PostgresFailure.CannotWrite,
            cancellation).Within(_limit, cancellation);

    private protected override Task<bool> Advance<TRow>(
        ReadModel<TRow> model, ProjectionCommit<TRow> commit, CancellationToken cancellation) =>
        _advances.CarryOut(new PostgresAdvance<TRow>(model, commit), cancellation).Within(_limit, cancellation);

    // A batch is one transaction; with a single statement it is what a command is.
    private Task<IReadOnlyList<bool>> Execute(
        IReadOnlyList<PostgresAdvance> advances, CancellationToken cancellation) =>
        ToTheEnd(
            connection => PostgresAdvances.ExecuteAsync(connection, advances, cancellation),
            PostgresFailure.CannotWrite,
            cancellation);

    private protected override Task<T> WriteAtLeisure<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        WriteToTheEnd(write, cancellation, ISessions.LeisureLimit).Within(ISessions.LeisureLimit, cancellation);

    private Task<T> WriteToTheEnd<T>(
        Func<StoreSession, CancellationToken, Task<T>> write,
        CancellationToken cancellation,
        TimeSpan? statementLimit = null) =>
        ToTheEnd(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellation);
                var session = new PostgresSession(connection, statementLimit);
                if (statementLimit is { } limit)
                {
                    var milliseconds = limit.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture);
                    await session.ExecuteAsync("limit-statements", [milliseconds], cancellation);
                }
                var result = await write(session, cancellation);
                await transaction.CommitAsync(cancellation);
                return result;
            },
            PostgresFailure.CannotWrite,
            cancellation);

    private async Task<T> ToTheEnd<T>(
        Func<NpgsqlConnection, Task<T>> work,
        Func<Exception, StoreUnavailableException> explain,
        CancellationToken cancellation)
    {
        if (_closed)
            throw new StoreUnavailableException("The event store is closed.");
        try
        {
            return await _connections.UseAsync(work, cancellation);
        }
        catch (Exception error) when (PostgresFailure.Is(error))
        {
            _logger.LogWarning(error, "The database failed.");
            Recent.Clear();
            throw explain(error);
        }
    }
}
