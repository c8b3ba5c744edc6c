using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// Carries values from one silo of this process to another: what arrives is a copy that shares nothing with what was
/// sent. The receiving silo's <paramref name="resolveReference"/> makes the grain references in it, from the interface
/// and the grain's identity. Any number of threads may use one serializer.
/// </summary>
internal sealed class MessageSerializer(Func<Type, GrainId, object> resolveReference)
{
    private static readonly ConcurrentDictionary<Type, string> Verdicts = new();
    private readonly Codec<object> _any = Codecs.For<object>();

    /// <exception cref="CodecNotFoundException">A type in the value does not cross between silos.</exception>
    /// <exception cref="SerializerException">The value is nested too deeply.</exception>
    public byte[] Serialize(object? value)
    {
        var writer = Writer.Rent();
        try
        {
            _any.Write(writer, value);
            return writer.ToArray();
        }
        finally
        {
            writer.Return();
        }
    }

    /// <exception cref="SerializerException">The bytes are not such as <see cref="Serialize"/> makes.</exception>
    public object? Deserialize(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes, resolveReference);
        try
        {
            var value = _any.Read(ref reader);
            if (reader.Remaining > 0) throw new SerializerException($"{reader.Remaining} bytes are left over.");
            return value;
        }
        catch (Exception unreadable) when (unreadable is not SerializerException)
        {
            // Wrong bytes reach the constructors, setters and hash codes of many types; callers need one error to know.
            throw new SerializerException("The bytes cannot be read.", unreadable);
        }
    }

    /// <summary>
    /// Null when values of this declared type can cross; otherwise a sentence that says which type or member cannot,
    /// and why. What stands behind an interface, an abstract class or object is known only when a value is written.
    /// </summary>
    public static string? WhyNot(Type declaredType) =>
        Verdicts.GetOrAdd(declaredType, Judge) is { Length: > 0 } verdict ? verdict : null;

    private static string Judge(Type declaredType)
    {
        var seen = new HashSet<Type> { declaredType };
        var open = new Queue<(Type Type, string Where)>([(declaredType, "")]);
        while (open.TryDequeue(out var next))
        {
            if (next.Type.ContainsGenericParameters) continue;
            if (Codecs.TryFor(next.Type, out var reason) is not { } codec)
                return $"{next.Where}{next.Type} cannot cross between silos: {reason}.";
            foreach (var (where, type) in codec.Parts)
                if (seen.Add(type)) open.Enqueue((type, $"{next.Type}.{where}: "));
        }

        return "";
    }
}
