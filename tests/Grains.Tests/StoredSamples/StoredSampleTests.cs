using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.Grains;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;

namespace Waybill.Tests.Grains.StoredSamples;

/// <summary>
/// Every shape that was ever stored lies here as a file, <c>TYPE.vVERSION.json</c>, and must stay readable for ever.
/// </summary>
public sealed class StoredSampleTests
{
    private const string Advice =
        "Stored events never change. Put the type back as the sample has it; or, if events shall look different from "
        + "now on, leave the sample alone, raise the version in [EventType], add an upcaster from the old version "
        + "(services.AddUpcaster), and add a sample of the new version.";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "StoredSamples");

    private static readonly EventTypes Types = new ServiceCollection()
        .AddWaybillEvents()
        .BuildServiceProvider()
        .GetRequiredService<EventTypes>();

    // The aggregates by what happens to them. What happens to sagas is the same for all of them: one stands for all.
    private static readonly Dictionary<Type, Func<object, object>> Folds = typeof(IAggregate<,,>).Assembly.GetTypes()
        .Where(state => !state.IsGenericTypeDefinition)
        .Append(typeof(Saga<Transfer>))
        .SelectMany(state => state.GetInterfaces(), (state, contract) => (state, contract))
        .Where(found => found.contract.IsGenericType
            && found.contract.GetGenericTypeDefinition() == typeof(IAggregate<,,>)
            && found.contract.GenericTypeArguments[0] == found.state)
        .ToDictionary(found => found.contract.GenericTypeArguments[2], found => FoldOf(found.contract));

    public static TheoryData<string> Samples =>
        [.. Directory.EnumerateFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    public static TheoryData<string> Shapes =>
    [
        .. from type in Types.All
           from version in Enumerable.Range(1, type.SchemaVersion)
           orderby type.Name, version
           select $"{type.Name}.v{version}",
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_shape_has_a_sample(string shape)
    {
        if (!Samples.Any(sample => sample.Data == shape))
            Assert.Fail($"There is no {shape}.json. Add it to tests/Grains.Tests/StoredSamples before the shape ships: "
                + "an event in one line of JSON, just as it is stored, with every property there and none null.");
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_has_its_type(string sample)
    {
        var (name, version) = Parse(sample);
        var known = Types.Find(name)?.SchemaVersion ?? 0;
        if (version < 1 || version > known)
            Assert.Fail($"{sample}.json is of no registered type. A type whose events were stored stays registered for "
                + "ever, under that name and at that version or a higher one. " + Advice);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_is_read_and_folded(string sample)
    {
        object happened;
        try
        {
            happened = Read(sample);
        }
        catch (UnreadableEventException unreadable)
        {
            Assert.Fail($"{sample}.json can no longer be read. {Advice}\n{unreadable.Message}");
            throw;
        }

        if (!Folds.TryGetValue(happened.GetType().BaseType!, out var fold))
            Assert.Fail($"No aggregate folds {happened.GetType().BaseType}: its events would be stored for nobody.");
        fold(happened).ShouldNotBeNull();
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_of_a_current_version_is_written_as_it_is(string sample)
    {
        var (name, version) = Parse(sample);
        if (Types.Find(name) is not { } type || type.SchemaVersion != version)
            return;

        var written = System.Text.Json.JsonSerializer.Serialize(Read(sample), type.Json);

        if (written != Text(sample))
            Assert.Fail($"The shape of {sample} has changed in silence: it is now written as\n{written}\n"
                + $"and the sample has\n{Text(sample)}\n{Advice}");
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_fits_the_schema_that_is_published_and_a_changed_one_does_not(string sample)
    {
        var schema = new EventSchemas(Types).All.Single(schema => schema.Name == sample);
        var data = JsonNode.Parse(Text(sample))!.AsObject();

        schema.Schema.ShouldAccept(data);
        if (!schema.IsCurrent)
            return;
        foreach (var name in schema.Schema.Strings("required"))
            schema.Schema.ShouldRefuse(data.Without(name));
        data["surplus"] = 1;
        schema.Schema.ShouldRefuse(data);
    }

    private static object Read(string sample)
    {
        var (name, version) = Parse(sample);
        return Types.Read(new StoredEvent(
            Guid.Empty,
            new StreamName("sample", sample),
            Version: 1,
            Position: 1,
            name,
            version,
            DateTimeOffset.UnixEpoch,
            Encoding.UTF8.GetBytes(Text(sample)),
            new EventMetadata(Guid.Empty, "correlation", null, "ann"))).Event;
    }

    private static string Text(string sample) => File.ReadAllText(Path.Combine(Folder, sample + ".json")).TrimEnd();

    private static (string Name, int Version) Parse(string sample)
    {
        var end = sample.LastIndexOf(".v", StringComparison.Ordinal);
        return end > 0 && int.TryParse(sample[(end + 2)..], out var version) ? (sample[..end], version) : (sample, 0);
    }

    private static Func<object, object> FoldOf(Type contract) =>
        typeof(StoredSampleTests)
            .GetMethod(nameof(Fold), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
            .MakeGenericMethod(contract.GenericTypeArguments)
            .CreateDelegate<Func<object, object>>();

    private static object Fold<TState, TCommand, TEvent>(object happened)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TEvent : class => TState.Evolve(TState.Initial, (TEvent)happened);
}
