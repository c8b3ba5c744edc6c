using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore;

/// <summary>
/// The due table of either store. Rows go to the database as one JSON text, so that a statement serves any number of
/// them.
/// </summary>
internal sealed class RelationalDueTable(ISessions sessions) : IDueStore
{
    /// <inheritdoc/>
    public Task UpdateDueAsync(
        IReadOnlyList<Due> due,
        IReadOnlyList<DueSettlement> settled,
        DateTimeOffset now,
        CancellationToken cancellation = default) =>
        sessions.WriteAtOnce(
            async (session, c) =>
            {
                await session.ExecuteAllAsync([.. Statements(due, settled, now)], c);
                return true;
            },
            cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DueClaim>> ClaimDueAsync(
        DateTimeOffset now, DateTimeOffset leaseEnd, int max, CancellationToken cancellation = default)
    {
        // Nearly always nobody is due, and then nothing need be written.
        var isAnyDue = await sessions.Read(
            (session, c) => session.ReadFirstAsync("select-any-due", [now], _ => true, c), cancellation);
        return isAnyDue
            ? await sessions.Write(
                (session, c) => ReadAllAsync(session, "claim-due", [now, leaseEnd, max], row => new DueClaim(
                    new StreamName(row.GetString(0), row.GetString(1)),
                    session.ReadTime(row, 2),
                    session.ReadTime(row, 3)), c),
                cancellation)
            : [];
    }

    private static IEnumerable<(string Name, object?[] Values)> Statements(
        IReadOnlyList<Due> due, IReadOnlyList<DueSettlement> settled, DateTimeOffset now)
    {
        var rows = Json(settled.Select(s => new DueRow(s.Stream, s.At, s.Next)));
        if (settled.Any(s => s.Next is null))
            yield return ("delete-due", [rows]);
        if (settled.Any(s => s.Next is not null))
            yield return ("settle-due", [rows]);
        if (due.Count > 0)
            yield return ("save-due", [Json(due.Select(d => new DueRow(d.Stream, d.At, null))), now]);
    }

    private static async Task<IReadOnlyList<T>> ReadAllAsync<T>(
        StoreSession session,
        string statement,
        object?[] values,
        Func<DbDataReader, T> read,
        CancellationToken cancellation)
    {
        var rows = new List<T>();
        await session.ReadAsync(statement, values, Take, cancellation);
        return rows;

        bool Take(DbDataReader row)
        {
            rows.Add(read(row));
            return true;
        }
    }

    private static string Json(IEnumerable<DueRow> rows) =>
        JsonSerializer.Serialize([.. rows], DueJson.Default.DueRowArray);
}

/// <summary>A row as it goes to the database; times in microseconds since 1970.</summary>
internal sealed record DueRow(string Category, string Id, long At, long? Next)
{
    public DueRow(StreamName stream, DateTimeOffset at, DateTimeOffset? next)
        : this(stream.Category, stream.Id, Microseconds(at), next is { } time ? Microseconds(time) : null)
    {
    }

    private static long Microseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DueRow[]))]
internal sealed partial class DueJson : JsonSerializerContext;
