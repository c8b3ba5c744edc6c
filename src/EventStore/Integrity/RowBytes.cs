using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Waybill.EventStore.Integrity;

/// <summary>
/// The bytes over which a row's hash is taken: the 32 bytes of the hash of the row before it, or 32 zeros where the
/// chain begins; then every stored column but the hash, in this order:
/// position, category, id, version, slot, event_id, type, schema_version, time, data, command_id, correlation_id,
/// causation_id, actor, saga_id, trace_parent, key_id.
/// </summary>
/// <remarks>
/// Each column is its length in bytes, as four bytes, and then its value: a number as eight bytes; a UUID as sixteen; a
/// text in UTF-8; the time as microseconds since 1970-01-01T00:00:00Z, a number. All of them big-endian. Null has the
/// length 0xFFFFFFFF and no value. So no two different rows have the same bytes. Data goes in as it is stored: personal
/// texts encrypted, so that the hash holds after they are forgotten. The buffer is used again; one thread at a time.
/// </remarks>
internal sealed class RowBytes
{
    public const int HashSize = SHA256.HashSizeInBytes;

    private byte[] _bytes = new byte[4096];
    private int _length;

    /// <summary>How many bytes there are.</summary>
    public int Length => _length;

    public Span<byte> this[int start, int length] => _bytes.AsSpan(start, length);

    public void Clear() => _length = 0;

    /// <summary>Begins a row: leaves room for the hash before it.</summary>
    public void Begin() => Take(HashSize).Clear();

    public void Add(long value)
    {
        var bytes = Column(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
    }

    public void Add(Guid value) => value.TryWriteBytes(Column(16), bigEndian: true, out _);

    public void Add(Guid? value)
    {
        if (value is { } id)
            Add(id);
        else
            AddNull();
    }

    public void Add(string? value)
    {
        if (value is null)
            AddNull();
        else
            Encoding.UTF8.GetBytes(value, Column(Encoding.UTF8.GetByteCount(value)));
    }

    public void Add(ReadOnlySpan<byte> value) => value.CopyTo(Column(value.Length));

    public void AddNull() => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), -1);

    /// <summary>Adds a value that its column never has, so that the row's hash cannot fit.</summary>
    public void AddForeign() => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), -2);

    /// <summary>Adds bytes that are no column.</summary>
    public void AddRaw(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    private Span<byte> Column(int length)
    {
        var bytes = Take(sizeof(int) + length);
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        return bytes[sizeof(int)..];
    }

    private Span<byte> Take(int length)
    {
        var end = checked(_length + length);
        if (end > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(end, Math.Min(Array.MaxLength, _bytes.Length * 2)));
        var taken = _bytes.AsSpan(_length, length);
        _length = end;
        return taken;
    }
}
