using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>A class: its members. Its public parameterless constructor makes it, or none does, as in Orleans.</summary>
internal sealed class ObjectCodec<T>(MemberInfo[] members) : ReferenceCodec<T>
    where T : class
{
    private static readonly bool HasConstructor = typeof(T).GetConstructor(Type.EmptyTypes) is not null;
    private readonly Members<T> _members = new(members);

    public override IEnumerable<(string Where, Type Type)> Parts => _members.Parts;

    /// <summary>A new object with nothing of the message in it yet.</summary>
    public static T Create() =>
        HasConstructor ? Activator.CreateInstance<T>() : (T)RuntimeHelpers.GetUninitializedObject(typeof(T));

    protected override void WriteObject(Writer writer, T value) => _members.Write(writer, ref value);

    protected override T ReadObject(ref Reader reader, int slot)
    {
        var value = Create();
        reader.Set(slot, value);
        _members.Read(ref reader, ref value);
        return value;
    }
}

/// <summary>A struct: its members; at least one byte in any case, as <see cref="Reader.Count"/> relies on it.</summary>
internal sealed class StructCodec<T>(MemberInfo[] members) : ValueCodec<T>
    where T : struct
{
    private readonly Members<T> _members = new(members);

    public override IEnumerable<(string Where, Type Type)> Parts => _members.Parts;

    public override void Write(Writer writer, T value)
    {
        if (!_members.Any) writer.Byte(0);
        _members.Write(writer, ref value);
    }

    public override T Read(ref Reader reader)
    {
        if (!_members.Any) reader.Byte();
        var value = default(T);
        _members.Read(ref reader, ref value);
        return value;
    }
}

/// <summary>An interface or an abstract class: only ever another type's object stands there.</summary>
internal sealed class AbstractCodec<T> : ReferenceCodec<T>
    where T : class
{
    protected override void WriteObject(Writer writer, T value) =>
        throw new InvalidOperationException($"{typeof(T)} is abstract.");

    protected override T ReadObject(ref Reader reader, int slot) =>
        throw new SerializerException($"{typeof(T)} is abstract.");
}

internal sealed class EnumCodec<TEnum, TNumber> : ValueCodec<TEnum>
    where TEnum : struct
    where TNumber : struct
{
    private readonly Codec<TNumber> _number = Codecs.For<TNumber>();

    public override void Write(Writer writer, TEnum value) =>
        _number.Write(writer, Unsafe.BitCast<TEnum, TNumber>(value));

    public override TEnum Read(ref Reader reader) => Unsafe.BitCast<TNumber, TEnum>(_number.Read(ref reader));
}

internal sealed class NullableCodec<T> : Codec<T?>
    where T : struct
{
    private Codec<T> Value => field ??= Codecs.For<T>();

    public override IEnumerable<(string Where, Type Type)> Parts => [("value", typeof(T))];

    public override void Write(Writer writer, T? value)
    {
        writer.Byte(value.HasValue ? (byte)1 : (byte)0);
        if (value is { } present) Value.Write(writer, present);
    }

    public override T? Read(ref Reader reader) => reader.Byte() == 0 ? null : Value.Read(ref reader);

    // A boxed Nullable is null or a boxed value, so no message says "an object of this type".
    public override void WriteBody(Writer writer, object value) => throw new InvalidOperationException();

    public override object ReadBody(ref Reader reader, int slot) =>
        throw new SerializerException($"{typeof(T?)} stands as an object.");
}
