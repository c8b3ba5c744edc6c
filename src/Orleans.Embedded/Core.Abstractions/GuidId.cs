namespace Orleans.Runtime;

/// <summary>A Guid as an identity: what a stream subscription is known by.</summary>
[GenerateSerializer, Immutable]
public sealed class GuidId : IEquatable<GuidId>, IComparable<GuidId>
{
    /// <summary>The value.</summary>
    [Id(0)]
    public readonly Guid Guid;

    private GuidId(Guid guid) => Guid = guid;

    /// <summary>A new identity.</summary>
    public static GuidId GetNewGuidId() => new(Guid.NewGuid());

    /// <summary>The identity with this value.</summary>
    public static GuidId GetGuidId(Guid guid) => new(guid);

    /// <inheritdoc/>
    public bool Equals(GuidId? other) => other is not null && Guid == other.Guid;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GuidId);

    /// <inheritdoc/>
    public override int GetHashCode() => Guid.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(GuidId? other) => other is null ? 1 : Guid.CompareTo(other.Guid);

    /// <inheritdoc/>
    public override string ToString() => Guid.ToString();

    public static bool operator ==(GuidId? left, GuidId? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(GuidId? left, GuidId? right) => !(left == right);
}
