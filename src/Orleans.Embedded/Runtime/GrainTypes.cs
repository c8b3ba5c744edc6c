using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// The grain classes and interfaces of the application: those in the assemblies that are loaded, or that a loaded one
/// refers to, and that refer to this engine. Read once for the process, because assemblies do not change.
/// </summary>
internal static class GrainTypes
{
    private static readonly Lazy<Dictionary<GrainType, Type>> Classes = new(Discover);
    private static readonly ConcurrentDictionary<(Type Interface, string? Prefix), GrainType> ByInterface = new();

    /// <summary>Every grain class with its type's name.</summary>
    internal static IReadOnlyDictionary<GrainType, Type> All => Classes.Value;

    /// <summary>The name of an interface.</summary>
    internal static GrainInterfaceType NameOf(Type grainInterface) =>
        GrainInterfaceType.Create(grainInterface.FullName!);

    /// <summary>The type of the one class that implements <paramref name="grainInterface"/>.</summary>
    /// <exception cref="ArgumentException">There is none, or more than one.</exception>
    internal static GrainType Resolve(Type grainInterface, string? classNamePrefix)
    {
        return ByInterface.GetOrAdd((grainInterface, classNamePrefix), static key => Find(key.Interface, key.Prefix));

        static GrainType Find(Type grainInterface, string? prefix)
        {
            if (!grainInterface.IsInterface)
                throw new ArgumentException($"{grainInterface.FullName} is no interface.", nameof(grainInterface));
            var found = All.Where(pair => grainInterface.IsAssignableFrom(pair.Value)
                && (prefix is null || pair.Value.FullName!.StartsWith(prefix, StringComparison.Ordinal))).ToList();

            // Among several, the class named after the interface is the one that is meant.
            var namesakes = found.Where(pair => "I" + pair.Value.Name == grainInterface.Name).ToList();
            if (namesakes is [var named]) found = [named];
            return found switch
            {
                [var one] => one.Key,
                [] => throw new ArgumentException(
                    $"Could not find an implementation for interface {grainInterface.FullName}."),
                _ => throw new ArgumentException(
                    $"{grainInterface.FullName} has several implementations: "
                    + $"{string.Join(", ", found.Select(pair => pair.Value.FullName))}."),
            };
        }
    }

    /// <summary>Says which grain interfaces cannot be called from another silo, and why.</summary>
    internal static IEnumerable<string> Faults() =>
        All.Values.SelectMany(type => type.GetInterfaces()).Distinct().SelectMany(FaultsOf);

    /// <summary>
    /// Says which methods of an interface cannot be called from another silo, and why; none if it is no
    /// grain interface.
    /// </summary>
    internal static IEnumerable<string> FaultsOf(Type grainInterface)
    {
        if (!typeof(IAddressable).IsAssignableFrom(grainInterface) || grainInterface.IsGenericType) yield break;
        foreach (var method in grainInterface.GetMethods())
        {
            if (method.IsGenericMethod) continue;
            var named = method.GetParameters().Select(parameter => parameter.ParameterType)
                .Concat(method.ReturnType.IsGenericType ? method.ReturnType.GetGenericArguments() : []);
            foreach (var type in named.Where(type => type != typeof(CancellationToken)))
            {
                if (MessageSerializer.WhyNot(type) is { } why)
                    yield return $"{grainInterface.FullName}.{method.Name}: {why}";
            }
        }
    }

    private static Dictionary<GrainType, Type> Discover()
    {
        Dictionary<GrainType, Type> found = [];
        foreach (var type in ApplicationAssemblies().SelectMany(TypesOf))
        {
            if (!typeof(IGrainBase).IsAssignableFrom(type)) continue;
            if (!type.IsClass || type.IsAbstract || type.IsGenericTypeDefinition) continue;
            var name = type.GetCustomAttribute<GrainTypeAttribute>()?.GrainType ?? Conventional(type);
            if (!found.TryAdd(name, type))
            {
                throw new OrleansConfigurationException(
                    $"The grain type '{name}' stands for {found[name].FullName} and for {type.FullName}.");
            }
        }

        return found;
    }

    private static GrainType Conventional(Type type)
    {
        const string suffix = "grain";
        var name = type.Name.ToLowerInvariant();
        var suffixed = name.EndsWith(suffix, StringComparison.Ordinal) && name.Length > suffix.Length;
        return GrainType.Create(suffixed ? name[..^suffix.Length] : name);
    }

    private static HashSet<Assembly> ApplicationAssemblies()
    {
        var engine = typeof(GrainTypes).Assembly;
        HashSet<Assembly> found = [engine];
        HashSet<string> seen = [];
        var open = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies());
        while (open.TryDequeue(out var assembly))
        {
            if (assembly.IsDynamic || !seen.Add(assembly.FullName!) || IsFramework(assembly.GetName())) continue;
            var references = assembly.GetReferencedAssemblies();
            if (references.Any(reference => reference.FullName == engine.FullName)) found.Add(assembly);
            foreach (var reference in references)
            {
                if (!IsFramework(reference) && !seen.Contains(reference.FullName) && TryLoad(reference) is { } loaded)
                    open.Enqueue(loaded);
            }
        }

        return found;
    }

    // An optional reference may not be there; then nothing that this application runs is in it.
    private static Assembly? TryLoad(AssemblyName reference)
    {
        try
        {
            return Assembly.Load(reference);
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException)
        {
            return null;
        }
    }

    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException exception)
        {
            return exception.Types.OfType<Type>();
        }
    }

    private static bool IsFramework(AssemblyName name) =>
        name.Name is "System" or "Microsoft"
        || name.Name!.StartsWith("System.", StringComparison.Ordinal)
        || name.Name.StartsWith("Microsoft.", StringComparison.Ordinal);
}
