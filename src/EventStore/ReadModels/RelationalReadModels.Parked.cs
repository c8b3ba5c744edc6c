using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.ReadModels;

// What could not be applied, what was done about it, and what is still to be told.
internal sealed partial class RelationalReadModels
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<ParkedStream>> ReadParkedStreamsAsync(
        ReadModel model, long generation, LogQueue? queue, CancellationToken cancellation = default) =>
        sessions.Read((session, c) => ReadParkedAsync(session, model, generation, queue, c), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ParkedRun>> ListParkedAsync(
        ReadModel model, string? cause, long afterPosition, int limit, CancellationToken cancellation = default) =>
        List("select-parked-runs", [model.View, afterPosition, cause, limit], ReadRun, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ParkedCount>> CountParkedAsync(
        ReadModel model, CancellationToken cancellation = default) =>
        List(
            "count-parked-causes",
            [model.View],
            (_, row) => new ParkedCount(row.GetString(0), row.GetInt64(1)),
            cancellation);

    /// <inheritdoc/>
    public Task<ParkedRun?> FindParkedAsync(ReadModel model, Guid runId, CancellationToken cancellation = default) =>
        sessions.Read(
            (session, c) => session.ReadFirstAsync(
                "select-parked-run", [model.View, runId], row => ReadRun(session, row), c),
            cancellation);

    /// <inheritdoc/>
    public Task RecordActAsync(ReadModel model, ParkedAct act, CancellationToken cancellation = default) =>
        sessions.Write((session, c) => InsertActAsync(session, model, act, c), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ParkedAct>> ListActsAsync(
        ReadModel model, Guid? runId, int limit, CancellationToken cancellation = default) =>
        List("select-parked-acts", [model.View, runId, limit], ReadAct, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Notice>> ReadNoticesAsync(
        ReadModel model,
        LogQueue queue,
        int limit,
        bool oneOfEach = false,
        CancellationToken cancellation = default) => List(
        oneOfEach ? "select-first-notices" : "select-notices",
        [model.View, queue.Number, queue.Count, limit],
        ReadNotice,
        cancellation);

    /// <inheritdoc/>
    public Task<long> CountNoticesAsync(
        ReadModel model, LogQueue queue, CancellationToken cancellation = default) =>
        sessions.Read(
            (session, c) => session.ReadFirstAsync(
                "count-notices", [model.View, queue.Number, queue.Count], row => row.GetInt64(0), c),
            cancellation);

    /// <inheritdoc/>
    public Task RemoveNoticesAsync(
        ReadModel model, IReadOnlyList<Guid> eventIds, CancellationToken cancellation = default) =>
        sessions.Write(
            async (session, c) =>
            {
                foreach (var eventId in eventIds)
                    await session.ExecuteAsync("delete-notice", [model.View, eventId], c);
                return eventIds.Count;
            },
            cancellation);

    private static async Task<IReadOnlyList<ParkedStream>> ReadParkedAsync(
        StoreSession session, ReadModel model, long generation, LogQueue? queue, CancellationToken cancellation)
    {
        var streams = new List<ParkedStream>();
        await session.ReadAsync(
            "select-parked-streams",
            [model.View, generation, queue?.Number, queue?.Count],
            row => Add(streams, new(
                session.ReadId(row, 0), new StreamName(row.GetString(1), row.GetString(2)), row.GetInt64(3))),
            cancellation);
        return streams;
    }

    private static Task<int> SaveRunAsync(
        StoreSession session, ReadModel model, long generation, ParkedRun run, CancellationToken cancellation)
    {
        Attempt[] attempts = [.. run.Attempts.TakeLast(ParkedRun.AttemptsMax).Select(Cut)];
        return session.ExecuteAsync(
            "save-parked-run",
            [
                run.Id, model.View, generation, run.Stream.Category, run.Stream.Id, Slot.Of(run.Stream),
                run.FirstVersion, run.FirstPosition, run.LastVersion, run.LastPosition,
                StorableText.Make(run.Cause), run.ParkedAt,
                JsonSerializer.Serialize(attempts, ParkedJson.Default.AttemptArray),
            ],
            cancellation);
    }

    private static Attempt Cut(Attempt attempt) => attempt.Error.Length <= Attempt.ErrorLengthMax
        ? attempt
        : attempt with { Error = attempt.Error[..Attempt.ErrorLengthMax] };

    private static Task<int> InsertActAsync(
        StoreSession session, ReadModel model, ParkedAct act, CancellationToken cancellation) => session.ExecuteAsync(
            "insert-parked-act",
            [
                act.Id, act.RunId, model.View, act.Stream.Category, act.Stream.Id, act.Act, StorableText.Make(act.By),
                act.At, StorableText.Make(act.Result),
            ],
            cancellation);

    private static Task<int> InsertNoticeAsync(
        StoreSession session, ReadModel model, Notice notice, CancellationToken cancellation) => session.ExecuteAsync(
            "insert-notice",
            [
                model.View, notice.EventId, notice.Position, notice.Stream.Category, notice.Stream.Id,
                Slot.Of(notice.Stream), notice.Data,
            ],
            cancellation);

    private static ParkedRun ReadRun(StoreSession session, DbDataReader row) => new(
        session.ReadId(row, 0),
        new StreamName(row.GetString(1), row.GetString(2)),
        row.GetInt64(3),
        row.GetInt64(4),
        row.GetInt64(5),
        row.GetInt64(6),
        row.GetString(7),
        session.ReadTime(row, 8),
        JsonSerializer.Deserialize(row.GetString(9), ParkedJson.Default.AttemptArray)!)
    {
        NotifiedTo = row.GetInt64(10),
    };

    private static ParkedAct ReadAct(StoreSession session, DbDataReader row) => new(
        session.ReadId(row, 0),
        session.ReadId(row, 1),
        new StreamName(row.GetString(2), row.GetString(3)),
        row.GetString(4),
        row.GetString(5),
        session.ReadTime(row, 6),
        row.GetString(7));

    private static Notice ReadNotice(StoreSession session, DbDataReader row) => new(
        session.ReadId(row, 0),
        row.GetInt64(1),
        new StreamName(row.GetString(2), row.GetString(3)),
        row.GetString(4));

    private Task<IReadOnlyList<T>> List<T>(
        string statement,
        object?[] values,
        Func<StoreSession, DbDataReader, T> read,
        CancellationToken cancellation) => sessions.Read<IReadOnlyList<T>>(
            async (session, c) =>
            {
                var items = new List<T>();
                await session.ReadAsync(statement, values, row => Add(items, read(session, row)), c);
                return items;
            },
            cancellation);
}

/// <summary>How attempts are kept.</summary>
[JsonSerializable(typeof(Attempt[]))]
internal sealed partial class ParkedJson : JsonSerializerContext;
