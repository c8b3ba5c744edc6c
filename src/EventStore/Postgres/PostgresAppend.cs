using Npgsql;
using NpgsqlTypes;
using Waybill.EventStore.Appending;
using Waybill.EventStore.Integrity;

namespace Waybill.EventStore.Postgres;

/// <summary>The parameters of the statement that adds rows to the log: each column is one array.</summary>
internal sealed class PostgresAppend
{
    private readonly NpgsqlParameter<long> _after = new();
    private readonly NpgsqlParameter<DateTime> _time = new() { NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private readonly ArrayColumn<LogRow>[] _rows =
    [
        new ArrayColumn<LogRow, string>(row => row.Stream.Category),
        new ArrayColumn<LogRow, string>(row => row.Stream.Id),
        new ArrayColumn<LogRow, long>(row => row.Version),
        new ArrayColumn<LogRow, Guid>(row => row.Event.EventId),
        new ArrayColumn<LogRow, string>(row => row.Event.Type.Name),
        new ArrayColumn<LogRow, int>(row => row.Event.Type.SchemaVersion),
        new ArrayColumn<LogRow, byte[]>(row => row.Data, NpgsqlDbType.Array | NpgsqlDbType.Json),
        new ArrayColumn<LogRow, Guid>(row => row.Event.Metadata.CommandId),
        new ArrayColumn<LogRow, string>(row => row.Event.Metadata.CorrelationId),
        new ArrayColumn<LogRow, string?>(row => row.Event.Metadata.CausationId),
        new ArrayColumn<LogRow, string>(row => row.Event.Metadata.Actor),
        new ArrayColumn<LogRow, string?>(row => row.Event.Metadata.SagaId),
        new ArrayColumn<LogRow, string?>(row => row.Event.Metadata.TraceParent),
        new ArrayColumn<LogRow, short>(row => (short)row.Slot),
        new ArrayColumn<LogRow, byte[]>(row => row.Hash!, NpgsqlDbType.Array | NpgsqlDbType.Bytea),
        new ArrayColumn<LogRow, Guid?>(row => row.KeyId),
    ];

    private readonly ArrayColumn<Due>[] _due =
    [
        new ArrayColumn<Due, string>(due => due.Stream.Category),
        new ArrayColumn<Due, string>(due => due.Stream.Id),
        new ArrayColumn<Due, DateTime>(
            due => due.At.UtcDateTime, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz),
    ];

    private readonly ArrayColumn<PendingAppend>[] _assumed = Streams();
    private readonly ArrayColumn<SentCommand>[] _sent = Commands();

    /// <summary>In the order of the statement's numbers.</summary>
    public NpgsqlParameter[] Parameters =>
    [
        _after,
        _time,
        .. _rows.Parameters(),
        .. _due.Parameters(),
        .. _assumed.Parameters(),
        .. _sent.Parameters(),
    ];

    /// <summary>The streams to which appends add, and the versions that they expect.</summary>
    public static ArrayColumn<PendingAppend>[] Streams() =>
    [
        new ArrayColumn<PendingAppend, string>(append => append.Stream.Category),
        new ArrayColumn<PendingAppend, string>(append => append.Stream.Id),
        new ArrayColumn<PendingAppend, long>(append => append.ExpectedVersion),
    ];

    /// <summary>Commands, each with the stream to which its events are to be added.</summary>
    public static ArrayColumn<SentCommand>[] Commands() =>
    [
        new ArrayColumn<SentCommand, string>(sent => sent.Stream.Category),
        new ArrayColumn<SentCommand, string>(sent => sent.Stream.Id),
        new ArrayColumn<SentCommand, Guid>(sent => sent.CommandId),
    ];

    /// <summary>Takes what is to be written, and on what condition.</summary>
    /// <param name="after">The position that the log must end with.</param>
    /// <param name="time">The time of the rows.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="due">Who is to be woken because of them.</param>
    /// <param name="assumed">Appends whose streams must have the versions that they expect.</param>
    /// <param name="sent">Commands that must not be recorded in their streams.</param>
    public void Set(
        long after,
        DateTime time,
        IReadOnlyList<LogRow> rows,
        IReadOnlyList<Due> due,
        IReadOnlyList<PendingAppend> assumed,
        IReadOnlyList<SentCommand> sent)
    {
        (_after.TypedValue, _time.TypedValue) = (after, time);
        _rows.Set(rows);
        _due.Set(due);
        _assumed.Set(assumed);
        _sent.Set(sent);
    }
}

/// <summary>A command whose events are to be added to a stream.</summary>
internal readonly record struct SentCommand(StreamName Stream, Guid CommandId);
