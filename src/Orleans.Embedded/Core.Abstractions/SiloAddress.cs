using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

/// <summary>
/// Names one life of one silo. A silo that is started again has the same endpoint and a later generation, so nothing
/// that was meant for its former life reaches it.
/// </summary>
[Immutable]
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>
{
    private static int s_lastGeneration;

    private SiloAddress(IPEndPoint endpoint, int generation) => (Endpoint, Generation) = (endpoint, generation);

    /// <summary>Where it would listen; within one process only a name.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Which life of the silo at that endpoint.</summary>
    public int Generation { get; }

    /// <summary>Names the silo at <paramref name="ep"/> in its life <paramref name="gen"/>.</summary>
    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    /// <summary>
    /// Names the silo at <paramref name="address"/>:<paramref name="port"/> in its life <paramref name="generation"/>.
    /// </summary>
    public static SiloAddress New(IPAddress address, int port, int generation) =>
        new(new IPEndPoint(address, port), generation);

    /// <summary>A generation that this process has not given out before, later than every one before it.</summary>
    public static int AllocateNewGeneration()
    {
        // Seconds since 2020 fit an int until 2088.
        var now = (int)(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 1_577_836_800);
        while (true)
        {
            var last = Volatile.Read(ref s_lastGeneration);
            var next = Math.Max(now, last + 1);
            if (Interlocked.CompareExchange(ref s_lastGeneration, next, last) == last) return next;
        }
    }

    /// <inheritdoc/>
    public bool Equals(SiloAddress? other) =>
        other is not null && Generation == other.Generation && Endpoint.Equals(other.Endpoint);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Endpoint.Port, Generation);

    /// <inheritdoc/>
    public int CompareTo(SiloAddress? other) => string.CompareOrdinal(ToParsableString(), other?.ToParsableString());

    /// <summary>"address:port@generation".</summary>
    public string ToParsableString() => string.Create(CultureInfo.InvariantCulture, $"{Endpoint}@{Generation}");

    /// <inheritdoc/>
    public override string ToString() => $"S{Endpoint}:{Generation.ToString(CultureInfo.InvariantCulture)}";
}
