using System.Globalization;

namespace Orleans.Runtime;

/// <summary>
/// A stream's identity within its provider: a namespace, which says what kind of stream it is, and a key. It keeps its
/// hash, because every event looks its stream up.
/// </summary>
[GenerateSerializer, Immutable]
public readonly struct StreamId : IEquatable<StreamId>, IComparable<StreamId>
{
    [Id(0)]
    private readonly string? _namespace;

    [Id(1)]
    private readonly string _key;

    [Id(2)]
    private readonly int _hash;

    private StreamId(string? ns, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        (_namespace, _key) = (string.IsNullOrEmpty(ns) ? null : ns, key);
        _hash = (int)StableHash.Compute(ns + key);
    }

    /// <summary>The stream with this namespace, or none, and this key.</summary>
    public static StreamId Create(string? ns, string key) => new(ns, key);

    /// <inheritdoc cref="Create(string, string)"/>
    public static StreamId Create(string? ns, Guid key) => new(ns, key.ToString("N"));

    /// <inheritdoc cref="Create(string, string)"/>
    public static StreamId Create(string? ns, long key) => new(ns, key.ToString(CultureInfo.InvariantCulture));

    /// <summary>The namespace, or null.</summary>
    public string? GetNamespace() => _namespace;

    /// <summary>The key as text: a Guid as 32 digits, an integer in decimal.</summary>
    public string GetKeyAsString() => _key;

    /// <inheritdoc/>
    public bool Equals(StreamId other) => _hash == other._hash && _key == other._key && _namespace == other._namespace;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StreamId other && Equals(other);

    /// <summary>The same in every process: what spreads streams over queues.</summary>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public int CompareTo(StreamId other) =>
        string.CompareOrdinal(_namespace, other._namespace) is var byNamespace and not 0
            ? byNamespace
            : string.CompareOrdinal(_key, other._key);

    /// <summary>"namespace/key".</summary>
    public override string ToString() => $"{_namespace ?? "null"}/{_key}";

    public static bool operator ==(StreamId s1, StreamId s2) => s1.Equals(s2);

    public static bool operator !=(StreamId s1, StreamId s2) => !s1.Equals(s2);
}

/// <summary>A stream of one provider.</summary>
[GenerateSerializer, Immutable]
internal readonly record struct QualifiedStreamId(string ProviderName, StreamId StreamId)
{
    public override string ToString() => $"{ProviderName}/{StreamId}";
}
