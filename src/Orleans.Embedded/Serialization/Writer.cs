using System.Runtime.CompilerServices;
using System.Text;

namespace Orleans.Serialization;

/// <summary>
/// One message while it is written: its bytes, and what stands in it so far (objects and types), so that a repetition
/// is written as a number. Used by one thread; <see cref="Rent"/> keeps one per thread to spare allocations.
/// </summary>
internal sealed class Writer
{
    // A writer that a rare large message has grown is not kept: it would hold that memory for the thread's life.
    private const int KeptBytesMax = 64 * 1024;
    private const int KeptObjectsMax = 1024;

    // Up to this many objects are found by looking at each, which is faster than hashing; most messages stay below.
    private const int ScannedObjectsMax = 16;

    [ThreadStatic]
    private static Writer? t_spare;

    private readonly Dictionary<Codec, int> _types = [];
    private readonly Dictionary<object, int> _index = new(ReferenceEqualityComparer.Instance);
    private byte[] _buffer = new byte[256];
    private int _length;
    private readonly object?[] _objects = new object?[ScannedObjectsMax];
    private int _objectCount;

    /// <summary>A writer with nothing in it. A getter that serializes while it is read gets another.</summary>
    public static Writer Rent()
    {
        var writer = t_spare ?? new Writer();
        t_spare = null;
        return writer;
    }

    public void Return()
    {
        if (_buffer.Length > KeptBytesMax || _objectCount > KeptObjectsMax) return;
        Array.Clear(_objects, 0, Math.Min(_objectCount, _objects.Length));
        if (_objectCount > ScannedObjectsMax) _index.Clear();
        if (_types.Count > 0) _types.Clear();
        _length = _objectCount = 0;
        t_spare = this;
    }

    public byte[] ToArray() => _buffer.AsSpan(0, _length).ToArray();

    public void Byte(byte value)
    {
        if (_length == _buffer.Length) Grow(1);
        _buffer[_length++] = value;
    }

    /// <summary>Seven bits a byte, lowest first; the high bit says that more follow.</summary>
    public void Unsigned(ulong value)
    {
        const int LongestVarint = 10;
        if (_buffer.Length - _length < LongestVarint) Grow(LongestVarint);
        var buffer = _buffer;
        var at = _length;
        while (value >= 0x80)
        {
            buffer[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        buffer[at++] = (byte)value;
        _length = at;
    }

    /// <summary>Zigzag: small numbers stay short whatever their sign.</summary>
    public void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>The value as it lies in memory; the reader is this same process.</summary>
    public void Raw<T>(T value)
        where T : unmanaged =>
        Unsafe.WriteUnaligned(ref Reserve(Unsafe.SizeOf<T>())[0], value);

    public void Blob(ReadOnlySpan<byte> bytes)
    {
        Unsigned((ulong)bytes.Length);
        if (bytes.Length > 0) bytes.CopyTo(Reserve(bytes.Length));
    }

    /// <summary>UTF-8, as genuine Orleans writes it: half of a surrogate pair does not survive.</summary>
    public void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Unsigned((ulong)length);
        if (length > 0) Encoding.UTF8.GetBytes(text, Reserve(length));
    }

    /// <summary>The type's number, and its name at its first time. Built-in types have fixed numbers.</summary>
    public void TypeOf(Codec codec)
    {
        var number = codec.BuiltIn >= 0 ? codec.BuiltIn : _types.GetValueOrDefault(codec, -1);
        if (number >= 0)
        {
            Unsigned((ulong)number);
            return;
        }

        number = BuiltIns.Count + _types.Count;
        _types.Add(codec, number);
        Unsigned((ulong)number);
        Blob(codec.WireName);
    }

    /// <summary>Whether the object stands in this message already, and where. If not, it does now.</summary>
    public bool Repeats(object value, out int number)
    {
        if (_objectCount <= ScannedObjectsMax)
        {
            for (number = 0; number < _objectCount; number++)
                if (ReferenceEquals(_objects[number], value)) return true;
            if (_objectCount < ScannedObjectsMax)
            {
                _objects[_objectCount++] = value;
                return false;
            }

            for (var i = 0; i < ScannedObjectsMax; i++) _index.Add(_objects[i]!, i);
        }

        number = _objectCount;
        if (_index.TryAdd(value, number))
        {
            _objectCount++;
            return false;
        }

        number = _index[value];
        return true;
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count) Grow(count);
        _length += count;
        return _buffer.AsSpan(_length - count, count);
    }

    private void Grow(int count) =>
        Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(_buffer.Length * 2L, _length + (long)count)));
}
