using System.Globalization;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>One queue of a provider: the provider's prefix, a number, and a place on the hash ring.</summary>
[GenerateSerializer, Immutable]
public readonly struct QueueId : IEquatable<QueueId>, IComparable<QueueId>
{
    [Id(0)]
    private readonly string? _prefix;

    [Id(1)]
    private readonly uint _id;

    [Id(2)]
    private readonly uint _hash;

    private QueueId(string prefix, uint id, uint hash) => (_prefix, _id, _hash) = (prefix, id, hash);

    /// <summary>Whether this names no queue.</summary>
    public bool IsDefault => _prefix is null;

    /// <summary>The queue with these parts.</summary>
    public static QueueId GetQueueId(string queueName, uint queueId, uint hash)
    {
        ArgumentNullException.ThrowIfNull(queueName);
        return new(queueName, queueId, hash);
    }

    /// <summary>The prefix.</summary>
    public string GetStringNamePrefix() => _prefix ?? "";

    /// <summary>The number.</summary>
    public uint GetNumericId() => _id;

    /// <summary>The place on the ring.</summary>
    public uint GetUniformHashCode() => _hash;

    /// <inheritdoc/>
    public int CompareTo(QueueId other) =>
        _id != other._id ? _id.CompareTo(other._id)
        : string.CompareOrdinal(_prefix, other._prefix) is var byPrefix and not 0 ? byPrefix
        : _hash.CompareTo(other._hash);

    /// <inheritdoc/>
    public bool Equals(QueueId other) => _id == other._id && _hash == other._hash && _prefix == other._prefix;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is QueueId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_id, _hash, _prefix);

    /// <summary>"prefix-number".</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_prefix?.ToLowerInvariant()}-{_id}");

    public static bool operator ==(QueueId left, QueueId right) => left.Equals(right);

    public static bool operator !=(QueueId left, QueueId right) => !left.Equals(right);
}

/// <summary>Spreads streams over a fixed number of queues, each with an equal part of the ring of hashes.</summary>
public class HashRingBasedStreamQueueMapper : IStreamQueueMapper
{
    private readonly QueueId[] _queues;
    private readonly ulong _part;

    /// <summary>As many queues as the options say, named after <paramref name="queueNamePrefix"/>.</summary>
    /// <exception cref="ArgumentException">There is to be none.</exception>
    public HashRingBasedStreamQueueMapper(HashRingStreamQueueMapperOptions options, string queueNamePrefix)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.TotalQueueCount, nameof(options));
        _part = ((1UL << 32) / (ulong)options.TotalQueueCount) + 1;
        _queues = [.. Enumerable.Range(0, options.TotalQueueCount)
            .Select(i => QueueId.GetQueueId(queueNamePrefix, (uint)i, (uint)((ulong)i * _part)))];
    }

    /// <inheritdoc/>
    public IEnumerable<QueueId> GetAllQueues() => _queues;

    /// <inheritdoc/>
    public QueueId GetQueueForStream(StreamId streamId) => _queues[(uint)streamId.GetHashCode() / _part];

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _queues);
}
