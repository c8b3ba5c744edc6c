using System.Globalization;
using Orleans.Runtime;

namespace Orleans;

/// <summary>What can be asked of a grain or of a reference to one.</summary>
public static class GrainExtensions
{
    /// <summary>A reference to this grain, for handing to others: a grain never hands out its own object.</summary>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) =>
        (TGrainInterface)References(grain).CreateReference(typeof(TGrainInterface), grain.GetGrainId());

    /// <summary>The same grain, called through another of its interfaces.</summary>
    public static TGrainInterface Cast<TGrainInterface>(this IAddressable grain) =>
        grain.AsReference<TGrainInterface>();

    /// <summary>The grain's identity.</summary>
    /// <exception cref="ArgumentException">It is neither a grain nor a reference to one.</exception>
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainReferenceProxy reference => reference.GrainId,
        IGrainBase @base => @base.GrainContext.GrainId,
        _ => throw NoGrain(grain),
    };

    /// <summary>The key of a grain with a string key.</summary>
    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

    /// <summary>The key of a grain with a Guid key.</summary>
    /// <exception cref="FormatException">Its key is no Guid.</exception>
    public static Guid GetPrimaryKey(this IAddressable grain) =>
        Guid.ParseExact(grain.GetGrainId().Key.ToString(), "N");

    /// <summary>The key of a grain with an integer key.</summary>
    /// <exception cref="FormatException">Its key is no integer.</exception>
    public static long GetPrimaryKeyLong(this IAddressable grain) =>
        long.Parse(grain.GetGrainId().Key.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static RuntimeClient References(IAddressable grain) => grain switch
    {
        GrainReferenceProxy reference => reference.Runtime,
        IGrainBase { GrainContext: Activation activation } => activation.Runtime,
        _ => throw NoGrain(grain),
    };

    private static ArgumentException NoGrain(object? grain) =>
        new($"{grain?.GetType().Name ?? "null"} is neither a grain nor a reference to one.", nameof(grain));
}
