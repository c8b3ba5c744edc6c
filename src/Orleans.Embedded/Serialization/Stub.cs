using System.Collections.Concurrent;
using Orleans.Runtime;
namespace Orleans.Serialization;
internal interface IGrainReferenceProxy { GrainId GrainId { get; } Type InterfaceType { get; } }
internal sealed class MessageSerializer(Func<Type, GrainId, object> resolve)
{
    private static readonly ConcurrentDictionary<long, object?> Map = new(); private static long s_n;
    internal byte[] Serialize(object? v) { _ = resolve; var n = Interlocked.Increment(ref s_n); Map[n] = v; return BitConverter.GetBytes(n); }
    internal object? Deserialize(ReadOnlySpan<byte> b) { _ = resolve; Map.TryRemove(BitConverter.ToInt64(b), out var v); return v; }
    internal static string? WhyNot(Type t) => t is null ? "" : null;
}
