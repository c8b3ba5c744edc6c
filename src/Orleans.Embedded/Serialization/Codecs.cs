using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Orleans.Serialization;

/// <summary>
/// Which codec a type has, if any: the one place that decides what crosses between silos. A type gets its codec once
/// per process. The receiving side asks here too, so a message cannot make an object that could not have been sent.
/// </summary>
internal static class Codecs
{
    private static readonly ConcurrentDictionary<Type, Codec> ByType =
        new(BuiltIns.All.Select(codec => KeyValuePair.Create(codec.Type, codec)));

    private static readonly ConcurrentDictionary<string, Codec>.AlternateLookup<ReadOnlySpan<char>> ByName =
        new ConcurrentDictionary<string, Codec>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly Dictionary<Type, Type> Generic = new()
    {
        [typeof(Nullable<>)] = typeof(NullableCodec<>),
        [typeof(List<>)] = typeof(ListCodec<>),
        [typeof(Dictionary<,>)] = typeof(DictionaryCodec<,>),
        [typeof(HashSet<>)] = typeof(HashSetCodec<>),
        [typeof(Queue<>)] = typeof(QueueCodec<>),
        [typeof(Stack<>)] = typeof(StackCodec<>),
        [typeof(ReadOnlyCollection<>)] = typeof(ReadOnlyCollectionCodec<>),
        [typeof(ImmutableArray<>)] = typeof(ImmutableArrayCodec<>),
        [typeof(ImmutableList<>)] = typeof(ImmutableListCodec<>),
        [typeof(ImmutableHashSet<>)] = typeof(ImmutableHashSetCodec<>),
        [typeof(ImmutableDictionary<,>)] = typeof(ImmutableDictionaryCodec<,>),
    };

    public static Codec<T> For<T>() => (Codec<T>)For(typeof(T));

    /// <exception cref="CodecNotFoundException">Values of this type do not cross between silos.</exception>
    public static Codec For(Type type) =>
        ByType.TryGetValue(type, out var codec) || (codec = TryFor(type, out var reason)) is not null
            ? codec
            : throw new CodecNotFoundException($"{type} cannot cross between silos: {reason}.");

    /// <summary>The codec, or null and the reason why there is none.</summary>
    public static Codec? TryFor(Type type, out string reason)
    {
        reason = "";
        if (ByType.TryGetValue(type, out var codec)) return codec;
        return Make(type, ref reason) is { } made ? ByType.GetOrAdd(type, made) : null;
    }

    /// <summary>The codec of the type with this name in UTF-8.</summary>
    /// <exception cref="SerializerException">There is no such type, or it does not cross between silos.</exception>
    public static Codec Named(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > TypeNames.BytesMax) throw new SerializerException($"A type's name has {utf8.Length} bytes.");
        Span<char> buffer = stackalloc char[utf8.Length];
        var name = buffer[..Encoding.UTF8.GetChars(utf8, buffer)];
        if (ByName.TryGetValue(name, out var known)) return known;
        var codec = For(TypeNames.Resolve(name.ToString()));
        ByName[name] = codec;
        return codec;
    }

    private static Codec? Make(Type type, ref string reason)
    {
        if (type.IsByRefLike || type.IsPointer || type.IsByRef || type.ContainsGenericParameters)
            return Refuse("it is not a type of values that can be kept", out reason);
        if (type.IsEnum) return New(typeof(EnumCodec<,>), [type, type.GetEnumUnderlyingType()]);
        if (type.IsSZArray && type.GetElementType() is { IsPointer: false } item)
            return New(typeof(ArrayCodec<>), [item]);
        if (type.IsAssignableTo(typeof(Type))) return For<Type>();
        if (type.IsAssignableTo(typeof(IGrainReferenceProxy))) return For<IGrainReferenceProxy>();
        if (type.IsGenericType && MakeGeneric(type) is { } codec) return codec;
        if (type == typeof(AggregateException)) return new AggregateExceptionCodec();
        if (type == typeof(object)) return New(typeof(ObjectCodec<>), [type], []);
        if (Members.IsMarked(type) || (type.IsAssignableTo(typeof(Exception)) && ExceptionParts.IsFrameworks(type)))
            return MakeMarked(type, ref reason);
        if (type.IsInterface || type.IsAbstract) return New(typeof(AbstractCodec<>), [type]);
        return Refuse("it is not marked with [GenerateSerializer] and is no type that needs no mark", out reason);
    }

    private static Codec? MakeGeneric(Type type)
    {
        var (definition, arguments) = (type.GetGenericTypeDefinition(), type.GetGenericArguments());
        if (Generic.TryGetValue(definition, out var codec)) return New(codec, arguments);
        var isTuple = type.Namespace == "System" && type.IsAssignableTo(typeof(ITuple));
        if (isTuple || definition == typeof(KeyValuePair<,>))
            return New(type.IsValueType ? typeof(StructCodec<>) : typeof(ObjectCodec<>), [type], Members.Fields(type));

        // The compiler makes these for collection expressions where a read-only interface is declared.
        var isListOfCompiler = type.Name.StartsWith("<>z__ReadOnly", StringComparison.Ordinal);
        return isListOfCompiler ? For(arguments[0].MakeArrayType()) : null;
    }

    private static Codec? MakeMarked(Type type, ref string reason)
    {
        var isException = type.IsAssignableTo(typeof(Exception));
        for (var level = type; level != typeof(object) && level != typeof(ValueType); level = level.BaseType!)
        {
            var isMarked = Members.IsMarked(level);
            if (!isMarked && isException && ExceptionParts.IsFrameworks(level)) break;
            if (!isMarked) return Refuse($"its base {level} is not marked with [GenerateSerializer]", out reason);
            if (Members.FindUnsettable(level) is { } property)
                return Refuse($"its property {property.Name} has an [Id] but cannot be set", out reason);
        }

        var definition = isException ? typeof(ExceptionCodec<>)
            : type.IsValueType ? typeof(StructCodec<>)
            : typeof(ObjectCodec<>);
        return New(definition, [type], Members.Of(type));
    }

    private static Codec New(Type definition, Type[] arguments, MemberInfo[]? members = null) =>
        (Codec)Activator.CreateInstance(definition.MakeGenericType(arguments), members is null ? [] : [members])!;

    private static Codec? Refuse(string why, out string reason)
    {
        reason = why;
        return null;
    }
}
