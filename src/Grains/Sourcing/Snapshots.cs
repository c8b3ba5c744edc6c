using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing;

/// <summary>
/// The kept folds of one kind of aggregate. They are a cache: whatever is wrong with it means a replay, so nothing here
/// throws.
/// </summary>
/// <param name="store">Where they are kept.</param>
/// <param name="json">The state's JSON.</param>
/// <param name="areKept">
/// False if there are none: where an event is about a person they would keep what must be forgettable, and where
/// streams are short they would only be one more thing to ask for.
/// </param>
/// <param name="logger">Where a failure is told.</param>
internal sealed class Snapshots<TState>(
    ISnapshotStore store, JsonTypeInfo<TState> json, bool areKept, ILogger logger)
    where TState : class
{
    private readonly string _shape = SnapshotShape.Of(json);

    /// <summary>False if the aggregate's states are not kept.</summary>
    public bool AreKept => areKept;

    /// <summary>The stream's last snapshot; null if there is none that this code can use.</summary>
    public async Task<Folded<TState>?> Read(StreamName stream, CancellationToken limit)
    {
        if (!AreKept)
            return null;
        try
        {
            var kept = await store.ReadSnapshotAsync(stream, _shape, limit).WaitAsync(limit);
            return kept is not null && JsonSerializer.Deserialize(kept.State, json) is { } state
                ? new(state, kept.Version, kept.Position)
                : null;
        }
        catch (Exception failure) // A cache must not be what makes a grain fail.
        {
            SnapshotFailures.Count.Add(1, new KeyValuePair<string, object?>("operation", "read"));
            logger.LogWarning(failure, "The snapshot of {Stream} could not be read; its events are.", stream);
            return null;
        }
    }

    /// <summary>Keeps a fold, off the grain's own time.</summary>
    public async Task Save(StreamName stream, Folded<TState> folded, CancellationToken limit)
    {
        try
        {
            await Task.Run(() => store.SaveSnapshotAsync(stream, Snapshot(folded), limit), limit).WaitAsync(limit);
        }
        catch (Exception failure) // The commands went well; the next activation reads some more events.
        {
            SnapshotFailures.Count.Add(1, new KeyValuePair<string, object?>("operation", "save"));
            logger.LogWarning(failure, "The snapshot of {Stream} could not be saved.", stream);
        }
    }

    private Snapshot Snapshot(Folded<TState> folded) =>
        new(_shape, folded.Version, folded.Position, JsonSerializer.SerializeToUtf8Bytes(folded.State, json));
}

/// <summary>Counts what goes wrong with snapshots, which nobody else notices.</summary>
internal static class SnapshotFailures
{
    public const string Meter = "Waybill.Grains";

    public const string Name = "waybill.snapshot.failures";

    public static readonly Counter<long> Count = new Meter(Meter).CreateCounter<long>(
        Name, description: "Snapshots that could not be read or saved.");
}

/// <summary>What can be told from types about keeping a state.</summary>
internal static class SnapshotShape
{
    /// <summary>
    /// Names the shape of a state and the code that folds it. The module's id, which a deterministic build makes of the
    /// source, stands for that code: a fold that has changed never reads a state that an older one made.
    /// </summary>
    public static string Of(JsonTypeInfo state)
    {
        var shape = new StringBuilder().Append(state.Type.Module.ModuleVersionId);
        foreach (var type in Reachable(state))
        {
            shape.Append('\n').Append(type.Type);
            foreach (var property in type.Properties)
                shape.Append('\n').Append(property.Name).Append(' ').Append(property.PropertyType);
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(shape.ToString())));
    }

    // The type, and those of what is in it, each once, in the order in which they are met.
    private static List<JsonTypeInfo> Reachable(JsonTypeInfo root)
    {
        List<JsonTypeInfo> reached = [root];
        for (var i = 0; i < reached.Count; i++)
        {
            var type = reached[i];
            var parts = type.Properties.Select(property => property.PropertyType)
                .Append(type.KeyType)
                .Append(type.ElementType)
                .OfType<Type>();
            foreach (var part in parts)
                if (reached.TrueForAll(known => known.Type != part))
                    reached.Add(type.Options.GetTypeInfo(part));
        }
        return reached;
    }
}
