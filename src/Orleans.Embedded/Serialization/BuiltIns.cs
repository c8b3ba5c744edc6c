using System.Net;
using Orleans.Runtime;

namespace Orleans.Serialization;

internal delegate T ReadValue<out T>(ref Reader reader);

/// <summary>The types that stand in a message under a fixed number, in this order.</summary>
internal static class BuiltIns
{
    public static readonly Codec[] All =
    [
        Value((w, v) => w.Byte(v ? (byte)1 : (byte)0), (ref r) => r.Byte() != 0),
        Value((w, v) => w.Byte(v), (ref r) => r.Byte()),
        Value((w, v) => w.Byte((byte)v), (ref r) => (sbyte)r.Byte()),
        Value((w, v) => w.Unsigned(v), (ref r) => checked((char)r.Unsigned())),
        Value((w, v) => w.Signed(v), (ref r) => checked((short)r.Signed())),
        Value((w, v) => w.Unsigned(v), (ref r) => checked((ushort)r.Unsigned())),
        Value((w, v) => w.Signed(v), (ref r) => checked((int)r.Signed())),
        Value((w, v) => w.Unsigned(v), (ref r) => checked((uint)r.Unsigned())),
        Value((w, v) => w.Signed(v), (ref r) => r.Signed()),
        Value((w, v) => w.Unsigned(v), (ref r) => r.Unsigned()),
        Value((w, v) => w.Raw(v), (ref r) => r.Raw<float>()),
        Value((w, v) => w.Raw(v), (ref r) => r.Raw<double>()),
        Value((w, v) => w.Raw(v), (ref r) => r.Raw<Guid>()),

        // These are rebuilt through their constructors, which refuse what no such value can be.
        Value(WriteDecimal, (ref r) => new decimal([r.Raw<int>(), r.Raw<int>(), r.Raw<int>(), r.Raw<int>()])),
        Value((w, v) => w.Raw(v.Ticks), (ref r) => new TimeSpan(r.Raw<long>())),
        Value(WriteDateTime, (ref r) => ReadDateTime(r.Raw<ulong>())),
        Value(
            (w, v) =>
            {
                w.Raw(v.Ticks);
                w.Signed(v.TotalOffsetMinutes);
            },
            (ref r) => new DateTimeOffset(r.Raw<long>(), TimeSpan.FromMinutes(r.Signed()))),
        Value((w, v) => w.Signed(v.DayNumber), (ref r) => DateOnly.FromDayNumber(checked((int)r.Signed()))),
        Value((w, v) => w.Raw(v.Ticks), (ref r) => new TimeOnly(r.Raw<long>())),
        Value<Memory<byte>>((w, v) => w.Blob(v.Span), (ref r) => r.Blob().ToArray()),
        Value<ReadOnlyMemory<byte>>((w, v) => w.Blob(v.Span), (ref r) => r.Blob().ToArray()),
        Object((w, v) => w.Text(v), (ref r) => r.Text()),
        Object((w, v) => w.Text(v.OriginalString), (ref r) => new Uri(r.Text(), UriKind.RelativeOrAbsolute)),
        Object((w, v) => w.Text(v.ToString()), (ref r) => Version.Parse(r.Text())),
        Object(WriteType, ReadType),
        new BytesCodec(),
        new ArrayCodec<object>(),

        // Orleans' own identities; each is text, and an absent one is empty.
        Value(WriteIdSpan, ReadIdSpan),
        Value((w, v) => WriteIdSpan(w, v.Value), (ref r) => new GrainType(ReadIdSpan(ref r))),
        Value((w, v) => WriteIdSpan(w, v.Value), (ref r) => new GrainInterfaceType(ReadIdSpan(ref r))),
        Value(WriteGrainId, (ref r) => new GrainId(new GrainType(ReadIdSpan(ref r)), ReadIdSpan(ref r))),
        Object(WriteSilo, (ref r) => SiloAddress.New(IPEndPoint.Parse(r.Text()), checked((int)r.Signed()))),
        new GrainReferenceCodec(),
    ];

    public static readonly int Count = All.Length;

    static BuiltIns()
    {
        for (var number = 0; number < All.Length; number++) All[number].BuiltIn = number;
    }

    private static SimpleValue<T> Value<T>(Action<Writer, T> write, ReadValue<T> read)
        where T : struct => new(write, read);

    private static SimpleObject<T> Object<T>(Action<Writer, T> write, ReadValue<T> read)
        where T : class => new(write, read);

    private static void WriteDecimal(Writer writer, decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        foreach (var part in parts) writer.Raw(part);
    }

    // Not ToBinary: that moves a local time to UTC and back, which loses an hour a year.
    private static void WriteDateTime(Writer writer, DateTime value) =>
        writer.Raw((ulong)value.Ticks | ((ulong)value.Kind << 62));

    private static DateTime ReadDateTime(ulong value) => new((long)(value & ~(3UL << 62)), (DateTimeKind)(value >> 62));

    private static void WriteIdSpan(Writer writer, IdSpan value) => writer.Text(value.ToString());

    private static IdSpan ReadIdSpan(ref Reader reader) =>
        reader.Text() is { Length: > 0 } text ? IdSpan.Create(text) : default;

    private static void WriteGrainId(Writer writer, GrainId value)
    {
        WriteIdSpan(writer, value.Type.Value);
        WriteIdSpan(writer, value.Key);
    }

    private static void WriteSilo(Writer writer, SiloAddress value)
    {
        writer.Text(value.Endpoint.ToString());
        writer.Signed(value.Generation);
    }

    private static void WriteType(Writer writer, Type value) => writer.Blob(TypeNames.Of(value));

    private static Type ReadType(ref Reader reader) => TypeNames.Resolve(reader.Text());

    private sealed class SimpleValue<T>(Action<Writer, T> write, ReadValue<T> read) : ValueCodec<T>
        where T : struct
    {
        public override void Write(Writer writer, T value) => write(writer, value);

        public override T Read(ref Reader reader) => read(ref reader);
    }

    // What never changes may arrive as two objects where it was one.
    private sealed class SimpleObject<T>(Action<Writer, T> write, ReadValue<T> read) : ReferenceCodec<T>(tracked: false)
        where T : class
    {
        protected override void WriteObject(Writer writer, T value) => write(writer, value);

        protected override T ReadObject(ref Reader reader, int slot) => read(ref reader);
    }

    private sealed class BytesCodec : ReferenceCodec<byte[]>
    {
        protected override void WriteObject(Writer writer, byte[] value) => writer.Blob(value);

        protected override byte[] ReadObject(ref Reader reader, int slot)
        {
            var bytes = reader.Blob().ToArray();
            reader.Set(slot, bytes);
            return bytes;
        }
    }
}
