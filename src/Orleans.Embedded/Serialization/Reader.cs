using System.Runtime.CompilerServices;
using System.Text;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// One message while it is read. It trusts nothing: whatever does not fit raises <see cref="SerializerException"/>.
/// Every value takes at least one byte, so a count larger than the bytes that are left is refused before memory is
/// asked for, and reading ends.
/// </summary>
internal ref struct Reader(ReadOnlySpan<byte> bytes, Func<Type, GrainId, object> resolveReference)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private List<object?>? _objects;
    private List<Codec>? _types;

    public readonly int Remaining => _rest.Length;

    /// <summary>Makes the reference to the grain on the receiving side.</summary>
    public readonly object Resolve(Type interfaceType, GrainId grain) => resolveReference(interfaceType, grain);

    public byte Byte() => Take(1)[0];

    public ulong Unsigned()
    {
        if (_rest.Length > 0 && _rest[0] < 0x80)
        {
            var small = _rest[0];
            _rest = _rest[1..];
            return small;
        }

        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }

        throw new SerializerException("A number has more than 64 bits.");
    }

    public long Signed()
    {
        var zigzag = Unsigned();
        return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
    }

    public T Raw<T>()
        where T : unmanaged =>
        Unsafe.ReadUnaligned<T>(in Take(Unsafe.SizeOf<T>())[0]);

    /// <summary>How many bytes or values follow; never more than there are bytes.</summary>
    public int Count()
    {
        var count = Unsigned();
        return count <= (ulong)_rest.Length
            ? (int)count
            : throw new SerializerException($"{count} values are announced where {_rest.Length} bytes are left.");
    }

    public ReadOnlySpan<byte> Blob() => Take(Count());

    public string Text() => Encoding.UTF8.GetString(Blob());

    /// <summary>A type by its number or, at its first time, by its name. It is one that may cross.</summary>
    public Codec TypeOf()
    {
        var number = Unsigned();
        if (number < (ulong)BuiltIns.Count) return BuiltIns.All[(int)number];
        _types ??= [];
        var known = number - (ulong)BuiltIns.Count;
        if (known < (ulong)_types.Count) return _types[(int)known];
        if (known > (ulong)_types.Count) throw new SerializerException($"Type {number} is used before it is named.");
        var codec = Codecs.Named(Blob());
        _types.Add(codec);
        return codec;
    }

    /// <summary>The next object's number. Until it is <see cref="Set"/>, nothing can refer to it.</summary>
    public int NextSlot()
    {
        _objects ??= [];
        _objects.Add(null);
        return _objects.Count - 1;
    }

    public readonly void Set(int slot, object value) => _objects![slot] = value;

    public readonly object Repeated(ulong number) =>
        number < (ulong)(_objects?.Count ?? 0) && _objects![(int)number] is { } value
            ? value
            : throw new SerializerException($"Object {number} is referred to before it is complete.");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new SerializerException($"{count} bytes are needed where {_rest.Length} are left.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
