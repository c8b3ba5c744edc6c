using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>
/// State in memory, as the serializer writes it: what is read shares nothing with what was written. All silos of
/// the cluster have the same memory, so it outlives each of them, and ends with the process.
/// </summary>
internal sealed class MemoryGrainStorage(string name, RuntimeClient runtime) : IGrainStorage
{
    private readonly Store _store = runtime.Cluster.Shared<Store>();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = _store.Records.GetValueOrDefault((name, stateName, grainId));
        grainState.State = stored is null ? NewState.Of<T>() : (T?)runtime.Serializer.Deserialize(stored.State);
        (grainState.ETag, grainState.RecordExists) = (stored?.ETag, stored is not null);
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (name, stateName, grainId);
        var written = new Record(runtime.Serializer.Serialize(grainState.State), _store.NewETag());
        var done = Expect(key, grainState.ETag) is { } replaced
            ? _store.Records.TryUpdate(key, written, replaced)
            : _store.Records.TryAdd(key, written);
        if (!done) throw Conflict(key, grainState.ETag);
        (grainState.ETag, grainState.RecordExists) = (written.ETag, true);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (name, stateName, grainId);
        if (Expect(key, grainState.ETag) is { } cleared && !_store.Records.TryRemove(KeyValuePair.Create(key, cleared)))
        {
            throw Conflict(key, grainState.ETag);
        }

        (grainState.State, grainState.ETag, grainState.RecordExists) = (NewState.Of<T>(), null, false);
        return Task.CompletedTask;
    }

    // What is stored, if that is what the writer has read.
    private Record? Expect((string, string, GrainId) key, string? etag)
    {
        var stored = _store.Records.GetValueOrDefault(key);
        return stored?.ETag == etag ? stored : throw Conflict(key, etag);
    }

    private InconsistentStateException Conflict((string, string, GrainId) key, string? etag)
    {
        var stored = _store.Records.GetValueOrDefault(key)?.ETag;
        return new($"State {key.Item2} of {key.Item3} is {stored ?? "gone"} now, not {etag ?? "new"}.", stored, etag);
    }

    /// <summary>A class, so that one is replaced only by who has seen it itself.</summary>
    private sealed class Record(byte[] state, string etag)
    {
        internal byte[] State => state;

        internal string ETag => etag;
    }

    /// <summary>The cluster's memory.</summary>
    private sealed class Store
    {
        private long _lastETag;

        internal ConcurrentDictionary<(string Storage, string State, GrainId Grain), Record> Records { get; } = new();

        internal string NewETag() => Interlocked.Increment(ref _lastETag).ToString(CultureInfo.InvariantCulture);
    }
}
