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
    public async Task SettleDueAsync(IReadOnlyList<DueSettlement> settled, CancellationToken cancellation = default)
    {
        // Each in a transaction of its own, in which the rows are locked in the order of their keys.
        await Settle("delete-due", [.. settled.Where(one => one.Next is null)], cancellation);
        await Settle("settle-due", [.. settled.Where(one => one.Next is not null)], cancellation);
    }

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
                    new StreamName(row.GetString(0), row.GetString(1)), session.ReadTime(row, 2)), c),
                cancellation)
            : [];
    }

    private async Task Settle(string statement, DueSettlement[] settled, CancellationToken cancellation)
    {
        if (settled.Length == 0)
            return;
        var rows = JsonSerializer.Serialize([.. settled.Select(DueRow.Of)], DueJson.Default.DueRowArray);
        await sessions.WriteAtOnce((session, c) => session.ExecuteAsync(statement, [rows], c), cancellation);
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
}

/// <summary>A row as it goes to the database; times in microseconds since 1970.</summary>
internal sealed record DueRow(string Category, string Id, long At, long? Next)
{
    public static DueRow Of(DueSettlement settled) => new(
        settled.Stream.Category,
        settled.Stream.Id,
        Microseconds(settled.At),
        settled.Next is { } next ? Microseconds(next) : null);

    private static long Microseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DueRow[]))]
internal sealed partial class DueJson : JsonSerializerContext;
