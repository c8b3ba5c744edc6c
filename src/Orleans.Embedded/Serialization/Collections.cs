using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Runtime.InteropServices;

namespace Orleans.Serialization;

/// <summary>
/// A collection crosses as the number of its items and each of them. One that can be made empty and then filled may
/// contain itself, through its items; one that can only be made whole may not.
/// </summary>
internal abstract class CollectionCodec<TCollection, TItem> : ReferenceCodec<TCollection>
    where TCollection : class, IReadOnlyCollection<TItem>
{
    protected Codec<TItem> Item => field ??= Codecs.For<TItem>();

    public sealed override IEnumerable<(string Where, Type Type)> Parts => [("items", typeof(TItem))];

    protected override void WriteObject(Writer writer, TCollection value)
    {
        writer.Unsigned((ulong)value.Count);
        foreach (var item in value) Item.Write(writer, item);
    }

    protected void WriteSpan(Writer writer, ReadOnlySpan<TItem> items)
    {
        var codec = Item;
        writer.Unsigned((ulong)items.Length);
        foreach (var item in items) codec.Write(writer, item);
    }

    /// <summary>Registers the collection, and then reads the items into an array.</summary>
    protected TItem[] ReadItems(ref Reader reader, int slot, TCollection? collection)
    {
        if (collection is not null) reader.Set(slot, collection);
        var items = new TItem[reader.Count()];
        var codec = Item;
        for (var i = 0; i < items.Length; i++) items[i] = codec.Read(ref reader)!;
        return items;
    }

    protected static TCollection Whole(ref Reader reader, int slot, TCollection collection)
    {
        reader.Set(slot, collection);
        return collection;
    }
}

internal sealed class ArrayCodec<T> : CollectionCodec<T[], T>
{
    // The read-only list that a collection expression makes crosses as an array, which is every kind of list it can be.
    public override void WriteBody(Writer writer, object value) =>
        WriteObject(writer, value as T[] ?? [.. (IEnumerable<T>)value]);

    protected override void WriteObject(Writer writer, T[] value) => WriteSpan(writer, value);

    protected override T[] ReadObject(ref Reader reader, int slot)
    {
        var array = new T[reader.Count()];
        reader.Set(slot, array);
        var codec = Item;
        for (var i = 0; i < array.Length; i++) array[i] = codec.Read(ref reader)!;
        return array;
    }
}

internal sealed class ListCodec<T> : CollectionCodec<List<T>, T>
{
    protected override void WriteObject(Writer writer, List<T> value) =>
        WriteSpan(writer, CollectionsMarshal.AsSpan(value));

    protected override List<T> ReadObject(ref Reader reader, int slot)
    {
        var count = reader.Count();
        var list = new List<T>(count);
        reader.Set(slot, list);
        var codec = Item;
        for (var i = 0; i < count; i++) list.Add(codec.Read(ref reader)!);
        return list;
    }
}

internal sealed class ReadOnlyCollectionCodec<T> : CollectionCodec<ReadOnlyCollection<T>, T>
{
    protected override ReadOnlyCollection<T> ReadObject(ref Reader reader, int slot)
    {
        var list = new List<T>();
        var collection = new ReadOnlyCollection<T>(list);
        list.AddRange(ReadItems(ref reader, slot, collection));
        return collection;
    }
}

internal sealed class QueueCodec<T> : CollectionCodec<Queue<T>, T>
{
    protected override Queue<T> ReadObject(ref Reader reader, int slot)
    {
        var queue = new Queue<T>();
        foreach (var item in ReadItems(ref reader, slot, queue)) queue.Enqueue(item);
        return queue;
    }
}

internal sealed class StackCodec<T> : CollectionCodec<Stack<T>, T>
{
    protected override Stack<T> ReadObject(ref Reader reader, int slot)
    {
        var stack = new Stack<T>();
        var topFirst = ReadItems(ref reader, slot, stack);
        for (var i = topFirst.Length - 1; i >= 0; i--) stack.Push(topFirst[i]);
        return stack;
    }
}

internal sealed class ImmutableListCodec<T> : CollectionCodec<ImmutableList<T>, T>
{
    protected override ImmutableList<T> ReadObject(ref Reader reader, int slot) =>
        Whole(ref reader, slot, [.. ReadItems(ref reader, slot, null)]);
}

internal sealed class HashSetCodec<T> : CollectionCodec<HashSet<T>, T>
{
    protected override void WriteObject(Writer writer, HashSet<T> value)
    {
        Comparers.Write(writer, value.Comparer);
        base.WriteObject(writer, value);
    }

    protected override HashSet<T> ReadObject(ref Reader reader, int slot)
    {
        var set = new HashSet<T>(Comparers.Read<T>(ref reader));
        set.UnionWith(ReadItems(ref reader, slot, set));
        return set;
    }
}

internal sealed class ImmutableHashSetCodec<T> : CollectionCodec<ImmutableHashSet<T>, T>
{
    protected override void WriteObject(Writer writer, ImmutableHashSet<T> value)
    {
        Comparers.Write(writer, value.KeyComparer);
        base.WriteObject(writer, value);
    }

    protected override ImmutableHashSet<T> ReadObject(ref Reader reader, int slot)
    {
        var comparer = Comparers.Read<T>(ref reader);
        return Whole(ref reader, slot, ImmutableHashSet.CreateRange(comparer, ReadItems(ref reader, slot, null)));
    }
}

internal sealed class DictionaryCodec<TKey, TValue>
    : CollectionCodec<Dictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override void WriteObject(Writer writer, Dictionary<TKey, TValue> value)
    {
        Comparers.Write(writer, value.Comparer);
        base.WriteObject(writer, value);
    }

    protected override Dictionary<TKey, TValue> ReadObject(ref Reader reader, int slot)
    {
        var dictionary = new Dictionary<TKey, TValue>(Comparers.Read<TKey>(ref reader));
        foreach (var (key, value) in ReadItems(ref reader, slot, dictionary)) dictionary.Add(key, value);
        return dictionary;
    }
}

internal sealed class ImmutableDictionaryCodec<TKey, TValue>
    : CollectionCodec<ImmutableDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override void WriteObject(Writer writer, ImmutableDictionary<TKey, TValue> value)
    {
        Comparers.Write(writer, value.KeyComparer);
        base.WriteObject(writer, value);
    }

    protected override ImmutableDictionary<TKey, TValue> ReadObject(ref Reader reader, int slot)
    {
        var comparer = Comparers.Read<TKey>(ref reader);
        return Whole(ref reader, slot, ImmutableDictionary.CreateRange(comparer, ReadItems(ref reader, slot, null)));
    }
}

/// <summary>An immutable array is a struct around an array, which is null if it was never given one.</summary>
internal sealed class ImmutableArrayCodec<T> : ValueCodec<ImmutableArray<T>>
{
    private Codec<T[]> Array => field ??= Codecs.For<T[]>();

    public override IEnumerable<(string Where, Type Type)> Parts => [("items", typeof(T))];

    public override void Write(Writer writer, ImmutableArray<T> value) =>
        Array.Write(writer, ImmutableCollectionsMarshal.AsArray(value));

    public override ImmutableArray<T> Read(ref Reader reader) =>
        ImmutableCollectionsMarshal.AsImmutableArray(Array.Read(ref reader));
}

/// <summary>How a dictionary or set compares: by default or, for text, by ordinal with or without case.</summary>
internal static class Comparers
{
    private static readonly IEqualityComparer<string>[] Known =
        [StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase];

    public static void Write<T>(Writer writer, IEqualityComparer<T> comparer)
    {
        var number = comparer.Equals(EqualityComparer<T>.Default) ? 0 : Array.IndexOf(Known, comparer) + 1;
        if (number == 0 && !comparer.Equals(EqualityComparer<T>.Default))
            throw new CodecNotFoundException($"The comparer {comparer.GetType()} cannot cross between silos.");
        writer.Byte((byte)number);
    }

    public static IEqualityComparer<T> Read<T>(ref Reader reader) => reader.Byte() switch
    {
        0 => EqualityComparer<T>.Default,
        var number => (IEqualityComparer<T>)Known[number - 1],
    };
}
