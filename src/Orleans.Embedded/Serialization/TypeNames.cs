using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Orleans.Serialization;

/// <summary>Types by name: assembly-qualified, without versions.</summary>
internal static partial class TypeNames
{
    /// <summary>Far above any real name; it bounds what a forged length can ask for.</summary>
    public const int BytesMax = 4096;

    public static byte[] Of(Type type)
    {
        var name = Encoding.UTF8.GetBytes(Versions().Replace(type.AssemblyQualifiedName!, ""));
        return name.Length <= BytesMax
            ? name
            : throw new CodecNotFoundException($"{type} has a name of more than {BytesMax} bytes.");
    }

    /// <summary>The type, if its assembly is loaded: a name in a message must not be able to load one.</summary>
    /// <exception cref="SerializerException">There is none.</exception>
    public static Type Resolve(string name) =>
        Type.GetType(
            name,
            FindLoaded,
            (assembly, typeName, ignoreCase) => assembly?.GetType(typeName, throwOnError: false, ignoreCase),
            throwOnError: false)
        ?? throw new SerializerException($"There is no type named '{name}' here.");

    private static Assembly? FindLoaded(AssemblyName wanted) =>
        Array.Find(AppDomain.CurrentDomain.GetAssemblies(), loaded => loaded.GetName().Name == wanted.Name);

    [GeneratedRegex(@", Version=[^,\]]+, Culture=[^,\]]+, PublicKeyToken=[^,\]]+")]
    private static partial Regex Versions();
}
