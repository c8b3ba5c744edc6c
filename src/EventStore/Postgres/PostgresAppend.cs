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

    private readonly Column<LogRow>[] _rows =
    [
        new Column<LogRow, string>(row => row.Stream.Category),
        new Column<LogRow, string>(row => row.Stream.Id),
        new Column<LogRow, long>(row => row.Version),
        new Column<LogRow, Guid>(row => row.Event.EventId),
        new Column<LogRow, string>(row => row.Event.Type.Name),
        new Column<LogRow, int>(row => row.Event.Type.SchemaVersion),
        new Column<LogRow, byte[]>(row => row.Data, NpgsqlDbType.Array | NpgsqlDbType.Json),
        new Column<LogRow, Guid>(row => row.Event.Metadata.CommandId),
        new Column<LogRow, string>(row => row.Event.Metadata.CorrelationId),
        new Column<LogRow, string?>(row => row.Event.Metadata.CausationId),
        new Column<LogRow, string>(row => row.Event.Metadata.Actor),
        new Column<LogRow, string?>(row => row.Event.Metadata.SagaId),
        new Column<LogRow, string?>(row => row.Event.Metadata.TraceParent),
        new Column<LogRow, short>(row => (short)row.Slot),
        new Column<LogRow, byte[]>(row => row.Hash!, NpgsqlDbType.Array | NpgsqlDbType.Bytea),
        new Column<LogRow, Guid?>(row => row.KeyId),
    ];

    private readonly Column<PendingAppend>[] _assumed =
    [
        new Column<PendingAppend, string>(append => append.Stream.Category),
        new Column<PendingAppend, string>(append => append.Stream.Id),
        new Column<PendingAppend, long>(append => append.ExpectedVersion),
    ];

    private readonly Column<SentCommand>[] _sent =
    [
        new Column<SentCommand, string>(sent => sent.Stream.Category),
        new Column<SentCommand, string>(sent => sent.Stream.Id),
        new Column<SentCommand, Guid>(sent => sent.CommandId),
    ];

    /// <summary>In the order of the statement's numbers.</summary>
    public NpgsqlParameter[] Parameters =>
    [
        _after,
        _time,
        .. _rows.Select(column => column.Parameter),
        .. _assumed.Select(column => column.Parameter),
        .. _sent.Select(column => column.Parameter),
    ];

    /// <summary>Takes what is to be written, and on what condition.</summary>
    /// <param name="after">The position that the log must end with.</param>
    /// <param name="time">The time of the rows.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="assumed">Appends whose streams must have the versions that they expect.</param>
    /// <param name="sent">Commands that must not be recorded in their streams.</param>
    public void Set(
        long after,
        DateTime time,
        IReadOnlyList<LogRow> rows,
        IReadOnlyList<PendingAppend> assumed,
        IReadOnlyList<SentCommand> sent)
    {
        (_after.TypedValue, _time.TypedValue) = (after, time);
        foreach (var column in _rows)
            column.Set(rows);
        foreach (var column in _assumed)
            column.Set(assumed);
        foreach (var column in _sent)
            column.Set(sent);
    }

    private abstract class Column<TRow>
    {
        public abstract NpgsqlParameter Parameter { get; }

        public abstract void Set(IReadOnlyList<TRow> rows);
    }

    private sealed class Column<TRow, T>(Func<TRow, T> value, NpgsqlDbType? type = null) : Column<TRow>
    {
        private readonly NpgsqlParameter<T[]> _parameter =
            type is { } given ? new() { NpgsqlDbType = given } : new();

        public override NpgsqlParameter Parameter => _parameter;

        public override void Set(IReadOnlyList<TRow> rows) => _parameter.TypedValue = [.. rows.Select(value)];
    }
}

/// <summary>A command whose events are to be added to a stream.</summary>
internal readonly record struct SentCommand(StreamName Stream, Guid CommandId);
