using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Idempotency;

/// <summary>
/// The idempotency keys of either store. Rows go to the database as one JSON text, so that a statement serves any
/// number of them. Beginning and ending are transactions of their own that lock rows in the order of their keys: two
/// processes never wait for each other in a circle.
/// </summary>
internal sealed class RelationalIdempotencyKeys(ISessions sessions) : IIdempotencyStore
{
    // The request of a command that could not be carried out: another one may take its place.
    private const string Void = "";

    private readonly string _holder = Guid.CreateVersion7().ToString();

    /// <inheritdoc/>
    public Task<IReadOnlyList<KeyedCommand>> BeginAsync(
        IReadOnlyList<NewKeyedCommand> commands,
        DateTimeOffset now,
        DateTimeOffset leaseEnd,
        CancellationToken cancellation = default) =>
        sessions.Write((session, c) => BeginAsync(session, commands, now, leaseEnd, c), cancellation);

    /// <inheritdoc/>
    public Task EndAsync(
        IReadOnlyList<KeyedCommandEnd> ends, DateTimeOffset now, CancellationToken cancellation = default) =>
        sessions.Write(
            (session, c) => session.ExecuteAsync("end-keyed-commands", [Json(ends), now], c), cancellation);

    /// <inheritdoc/>
    public Task<int> PurgeAsync(DateTimeOffset before, int max, CancellationToken cancellation = default) =>
        sessions.Write(
            (session, c) => session.ExecuteAsync("purge-idempotency-keys", [before, max], c), cancellation);

    private async Task<IReadOnlyList<KeyedCommand>> BeginAsync(
        StoreSession session,
        IReadOnlyList<NewKeyedCommand> commands,
        DateTimeOffset now,
        DateTimeOffset leaseEnd,
        CancellationToken cancellation)
    {
        var begun = await ReadAsync(
            session, "begin-keyed-commands", [Json(commands), now, leaseEnd, _holder], _ => null, cancellation);
        var standing = begun.Count == commands.Count
            ? []
            : await ReadAsync(
                session,
                "select-keyed-commands",
                [JsonSerializer.Serialize([.. commands.Select(c => c.Key)], IdempotencyJson.Default.StringArray)],
                row => row.IsDBNull(3) ? null : row.GetString(3),
                cancellation);
        return [.. commands.Select(Find)];

        // Of two that come together under one key, one was begun.
        KeyedCommand Find(NewKeyedCommand command)
        {
            if (begun.TryGetValue(command.Key, out var own) && own.Request == command.Request)
            {
                begun.Remove(command.Key);
                return new(KeyedCommandStatus.Begun, own.CommandId);
            }
            var row = standing.GetValueOrDefault(command.Key);
            return row switch
            {
                // It was purged, or given up by somebody else, this moment.
                null or { Request: Void } => new(KeyedCommandStatus.UnderWay, command.CommandId),
                _ when row.Request != command.Request => new(KeyedCommandStatus.OtherRequest, row.CommandId),
                { Answer: null } => new(KeyedCommandStatus.UnderWay, row.CommandId),
                _ => new(KeyedCommandStatus.Answered, row.CommandId, row.Answer),
            };
        }
    }

    private static async Task<Dictionary<string, Row>> ReadAsync(
        StoreSession session,
        string statement,
        object?[] values,
        Func<DbDataReader, string?> answer,
        CancellationToken cancellation)
    {
        var rows = new Dictionary<string, Row>();
        await session.ReadAsync(
            statement,
            values,
            row => rows.TryAdd(row.GetString(0), new(row.GetString(1), Guid.Parse(row.GetString(2)), answer(row))),
            cancellation);
        return rows;
    }

    private static string Json(IReadOnlyList<NewKeyedCommand> commands) => JsonSerializer.Serialize(
        [.. commands.Select(c => new BeginRow(c.Key, c.Request, c.CommandId.ToString()))],
        IdempotencyJson.Default.BeginRowArray);

    private static string Json(IReadOnlyList<KeyedCommandEnd> ends) => JsonSerializer.Serialize(
        [.. ends.Select(e => new EndRow(e.Key, e.IsVoid ? Void : null, e.Answer))],
        IdempotencyJson.Default.EndRowArray);

    private sealed record Row(string Request, Guid CommandId, string? Answer);
}

/// <summary>A command to begin as it goes to the database.</summary>
internal sealed record BeginRow(string Key, string Request, string Command);

/// <summary>How a command ended as it goes to the database.</summary>
internal sealed record EndRow(string Key, string? Request, string? Answer);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BeginRow[]))]
[JsonSerializable(typeof(EndRow[]))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class IdempotencyJson : JsonSerializerContext;
