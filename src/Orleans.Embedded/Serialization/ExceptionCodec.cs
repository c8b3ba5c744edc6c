using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Orleans.Serialization;

/// <summary>
/// An exception crosses as its message, HResult, inner exception, simple data, the text of its stack trace, and the
/// members that a marked type gives ids. What a framework exception holds beside these is lost, as in Orleans.
/// Exceptions are not tracked: bytes must not be able to make one its own cause, which would never end to be printed.
/// </summary>
internal sealed class ExceptionCodec<T>(MemberInfo[] members) : ReferenceCodec<T>(tracked: false)
    where T : Exception
{
    private readonly Members<T> _members = new(members);

    public override IEnumerable<(string Where, Type Type)> Parts => _members.Parts;

    protected override void WriteObject(Writer writer, T value)
    {
        ExceptionParts.Write(writer, value, value.Message);
        Codecs.For<Exception>().Write(writer, value.InnerException);
        _members.Write(writer, ref value);
    }

    protected override T ReadObject(ref Reader reader, int slot)
    {
        var value = ObjectCodec<T>.Create();
        ExceptionParts.Read(ref reader, value);
        ExceptionParts.Inner(value) = Codecs.For<Exception>().Read(ref reader);
        _members.Read(ref reader, ref value);
        return value;
    }
}

internal sealed class AggregateExceptionCodec() : ReferenceCodec<AggregateException>(tracked: false)
{
    // Its Message adds those of the inner exceptions each time it is asked, so what crosses is the text without them.
    protected override void WriteObject(Writer writer, AggregateException value)
    {
        Codecs.For<Exception[]>().Write(writer, [.. value.InnerExceptions]);
        ExceptionParts.Write(writer, value, ExceptionParts.Message(value));
    }

    protected override AggregateException ReadObject(ref Reader reader, int slot)
    {
        var value = new AggregateException(Codecs.For<Exception[]>().Read(ref reader) ?? []);
        ExceptionParts.Read(ref reader, value);
        return value;
    }
}

/// <summary>What every exception has.</summary>
internal static class ExceptionParts
{
    /// <summary>Whether this is one of the framework's or of Orleans' own, which cross without being marked.</summary>
    public static bool IsFrameworks(Type type) =>
        type.Namespace is { } name && Array.Exists(["System", "Microsoft", "Azure", "Orleans"], known =>
            name == known || (name.StartsWith(known, StringComparison.Ordinal) && name[known.Length] == '.'));

    public static void Write(Writer writer, Exception value, string? message)
    {
        var text = Codecs.For<string>();
        text.Write(writer, message);
        text.Write(writer, value.StackTrace);
        writer.Signed(value.HResult);
        var simple = value.Data.Cast<DictionaryEntry>()
            .Where(entry => IsSimple(entry.Key) && IsSimple(entry.Value))
            .ToArray();
        writer.Unsigned((ulong)simple.Length);
        var any = Codecs.For<object>();
        foreach (var entry in simple)
        {
            any.Write(writer, entry.Key);
            any.Write(writer, entry.Value);
        }
    }

    public static void Read(ref Reader reader, Exception value)
    {
        var text = Codecs.For<string>();
        Message(value) = text.Read(ref reader);
        if (text.Read(ref reader) is { } stackTrace) ExceptionDispatchInfo.SetRemoteStackTrace(value, stackTrace);
        value.HResult = checked((int)reader.Signed());
        var any = Codecs.For<object>();
        for (var left = reader.Count(); left > 0; left--) value.Data[any.Read(ref reader)!] = any.Read(ref reader);
    }

    // An exception that was made without its constructor has no other way to its message and its cause.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    public static extern ref string? Message(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    public static extern ref Exception? Inner(Exception exception);

    // The exception is what matters: data that could fail to cross stays behind.
    private static bool IsSimple(object? value) =>
        value is null || Codecs.TryFor(value.GetType(), out _) is { BuiltIn: >= 0, IsTracked: false };
}
