using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

internal delegate void WriteMembers<T>(Writer writer, ref T value);

internal delegate void ReadMembers<T>(ref Reader reader, ref T value);

/// <summary>
/// Which members of a type cross: those with an <see cref="IdAttribute"/> and the positional parameters of a record, of
/// every level of its hierarchy. Writer and reader are the same process, so they stand in a message without their ids.
/// </summary>
internal static class Members
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static bool IsMarked(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);

    /// <summary>The members, base first; as fields where a property can only be set by a constructor.</summary>
    public static MemberInfo[] Of(Type type)
    {
        var members = new List<MemberInfo>();
        for (var level = type; level is not null; level = level.BaseType)
            if (IsMarked(level)) members.InsertRange(0, OfLevel(level));
        return [.. members];
    }

    /// <summary>A property that has an id but that nothing can set; null if there is none.</summary>
    public static PropertyInfo? FindUnsettable(Type type) =>
        type.GetProperties(Declared).FirstOrDefault(property => HasId(property) && Settable(property) is null);

    public static FieldInfo[] Fields(Type type) => type.GetFields(Declared);

    public static Type TypeOf(MemberInfo member) =>
        member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;

    /// <summary>The name to show: a property's, where its hidden field stands for it.</summary>
    public static string NameOf(MemberInfo member) =>
        member.Name[0] == '<' ? member.Name[1..member.Name.IndexOf('>')] : member.Name;

    private static IEnumerable<MemberInfo> OfLevel(Type level)
    {
        var positional = PositionalParameters(level);
        var properties = level.GetProperties(Declared)
            .Where(property => HasId(property) || positional.Contains(property.Name))
            .Select(Settable)
            .OfType<MemberInfo>();
        return properties.Concat(level.GetFields(Declared).Where(field => field.IsDefined(typeof(IdAttribute))));
    }

    private static bool HasId(PropertyInfo property) =>
        property.IsDefined(typeof(IdAttribute)) && property.GetMethod is { IsAbstract: false };

    private static MemberInfo? Settable(PropertyInfo property) =>
        property is { GetMethod: not null, SetMethod: { } setter } && !IsInit(setter)
            ? property
            : property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", Declared);

    private static bool IsInit(MethodInfo setter) =>
        setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    // The compiler gives a record a Deconstruct whose parameters are its positional ones; nothing else tells them.
    private static HashSet<string> PositionalParameters(Type level) =>
    [
        .. level.GetMethods(Declared)
            .Where(method => method.Name == "Deconstruct" && method.IsDefined(typeof(CompilerGeneratedAttribute)))
            .SelectMany(method => method.GetParameters())
            .Select(parameter => parameter.Name!),
    ];
}

/// <summary>
/// The members of a <typeparamref name="T"/>, written and read by two methods that are compiled at the first use: for
/// each member, its codec is called with the member's value. Such code, unlike C#, may set what only constructors can.
/// </summary>
internal sealed class Members<T>(MemberInfo[] members)
{
    private WriteMembers<T>? _write;
    private ReadMembers<T>? _read;

    public IEnumerable<(string Where, Type Type)> Parts =>
        members.Select(member => (Members.NameOf(member), Members.TypeOf(member)));

    public bool Any => members.Length > 0;

    public void Write(Writer writer, ref T value) => (_write ?? Compile().Write)(writer, ref value);

    public void Read(ref Reader reader, ref T value) => (_read ?? Compile().Read)(ref reader, ref value);

    // Two threads may both compile; either's result will do.
    private (WriteMembers<T> Write, ReadMembers<T> Read) Compile()
    {
        var codecs = Array.ConvertAll(members, member => Codecs.For(Members.TypeOf(member)));
        var write = Compile<WriteMembers<T>>(codecs, typeof(Writer), EmitWrite);
        var read = Compile<ReadMembers<T>>(codecs, typeof(Reader).MakeByRefType(), EmitRead);
        return (_write = write, _read = read);
    }

    private TDelegate Compile<TDelegate>(
        Codec[] codecs, Type bytes, Action<ILGenerator, MemberInfo, Type, Action> emit)
        where TDelegate : Delegate
    {
        Type[] parameters = [typeof(Codec[]), bytes, typeof(T).MakeByRefType()];
        var method = new DynamicMethod(
            $"{typeof(TDelegate)}", null, parameters, typeof(Members).Module, skipVisibility: true);
        var il = method.GetILGenerator();
        for (var i = 0; i < members.Length; i++)
        {
            var (number, codec) = (i, typeof(Codec<>).MakeGenericType(Members.TypeOf(members[i])));
            emit(il, members[i], codec, () =>
            {
                il.Emit(OpCodes.Ldarg_0);
                il.Emit(OpCodes.Ldc_I4, number);
                il.Emit(OpCodes.Ldelem_Ref);
                il.Emit(OpCodes.Castclass, codec);
            });
        }

        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>(codecs);
    }

    // codec.Write(writer, value.Member)
    private static void EmitWrite(ILGenerator il, MemberInfo member, Type codec, Action loadCodec)
    {
        loadCodec();
        il.Emit(OpCodes.Ldarg_1);
        LoadOwner(il);
        if (member is FieldInfo field) il.Emit(OpCodes.Ldfld, field);
        else Call(il, ((PropertyInfo)member).GetMethod!);
        il.Emit(OpCodes.Callvirt, codec.GetMethod(nameof(Codec<>.Write))!);
    }

    // value.Member = codec.Read(ref reader)
    private static void EmitRead(ILGenerator il, MemberInfo member, Type codec, Action loadCodec)
    {
        LoadOwner(il);
        loadCodec();
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Callvirt, codec.GetMethod(nameof(Codec<>.Read))!);
        if (member is FieldInfo field) il.Emit(OpCodes.Stfld, field);
        else Call(il, ((PropertyInfo)member).SetMethod!);
    }

    private static void LoadOwner(ILGenerator il)
    {
        il.Emit(OpCodes.Ldarg_2);
        if (!typeof(T).IsValueType) il.Emit(OpCodes.Ldind_Ref);
    }

    private static void Call(ILGenerator il, MethodInfo accessor) =>
        il.Emit(typeof(T).IsValueType ? OpCodes.Call : OpCodes.Callvirt, accessor);
}
