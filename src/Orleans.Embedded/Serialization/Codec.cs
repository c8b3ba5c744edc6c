using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>
/// Writes and reads the values of one runtime type. Built once per type by <see cref="Codecs"/>, used by every thread.
/// A codec asks for the codecs of its parts when it first needs them, because types refer to each other in circles.
/// </summary>
internal abstract class Codec
{
    private byte[]? _wireName;

    /// <summary>The type that reading makes.</summary>
    public abstract Type Type { get; }

    /// <summary>The type's fixed number, if it is built in; else -1.</summary>
    public int BuiltIn { get; set; } = -1;

    /// <summary>The type's name in UTF-8.</summary>
    public byte[] WireName => _wireName ??= TypeNames.Of(Type);

    /// <summary>Whether a repeated reference must be one object again after reading.</summary>
    public bool IsTracked { get; private protected init; }

    /// <summary>What a value is made of, and where in it.</summary>
    public virtual IEnumerable<(string Where, Type Type)> Parts => [];

    /// <summary>Writes what follows the header that says "an object of this type".</summary>
    public abstract void WriteBody(Writer writer, object value);

    /// <summary>Reads what <see cref="WriteBody"/> wrote; a tracked object goes into its slot once it exists.</summary>
    public abstract object ReadBody(ref Reader reader, int slot);
}

/// <summary>Writes and reads values where a <typeparamref name="T"/> is declared.</summary>
internal abstract class Codec<T> : Codec
{
    public sealed override Type Type => typeof(T);

    public abstract void Write(Writer writer, T? value);

    public abstract T? Read(ref Reader reader);
}

/// <summary>A value type: no header where it is declared.</summary>
internal abstract class ValueCodec<T> : Codec<T>
    where T : struct
{
    public sealed override void WriteBody(Writer writer, object value) => Write(writer, (T)value);

    public sealed override object ReadBody(ref Reader reader, int slot) => Read(ref reader);
}

/// <summary>
/// A reference type. Its header is 0 for null, 1 for an object of exactly the declared type, 2 for one of another type,
/// which follows, and 3 + n for the n-th object of this message again.
/// </summary>
internal abstract class ReferenceCodec<T> : Codec<T>
    where T : class
{
    private const ulong Null = 0, Declared = 1, Other = 2, Repeated = 3;

    protected ReferenceCodec(bool tracked = true) => IsTracked = tracked;

    public sealed override void Write(Writer writer, T? value)
    {
        if (value is null)
        {
            writer.Unsigned(Null);
            return;
        }

        CheckDepth();
        var actual = value.GetType() == typeof(T) ? this : Codecs.For(value.GetType());
        if (actual.IsTracked && writer.Repeats(value, out var number))
        {
            writer.Unsigned(Repeated + (ulong)number);
        }
        else if (ReferenceEquals(actual, this))
        {
            writer.Unsigned(Declared);
            WriteObject(writer, value);
        }
        else
        {
            writer.Unsigned(Other);
            writer.TypeOf(actual);
            actual.WriteBody(writer, value);
        }
    }

    public sealed override T? Read(ref Reader reader)
    {
        var header = reader.Unsigned();
        if (header == Null) return null;
        CheckDepth();
        if (header == Declared) return ReadObject(ref reader, IsTracked ? reader.NextSlot() : -1);
        if (header >= Repeated) return Fit(reader.Repeated(header - Repeated));
        var actual = reader.TypeOf();
        if (!actual.Type.IsAssignableTo(typeof(T)) && actual is not GrainReferenceCodec) throw Misfit(actual.Type);
        return Fit(actual.ReadBody(ref reader, actual.IsTracked ? reader.NextSlot() : -1));
    }

    public override void WriteBody(Writer writer, object value) => WriteObject(writer, (T)value);

    public sealed override object ReadBody(ref Reader reader, int slot) => ReadObject(ref reader, slot);

    protected abstract void WriteObject(Writer writer, T value);

    protected abstract T ReadObject(ref Reader reader, int slot);

    private static T Fit(object value) => value as T ?? throw Misfit(value.GetType());

    private static SerializerException Misfit(Type type) => new($"{type} stands where {typeof(T)} is declared.");

    // Depth is bounded by the stack, not by a number: a list linked through a hundred thousand objects must be an error
    // of this message, because a stack overflow would end the process.
    private static void CheckDepth()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new SerializerException($"The message is nested too deeply at {typeof(T)}.");
    }
}
