using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>What the serializer must know of a grain reference; the runtime's proxies implement it.</summary>
internal interface IGrainReferenceProxy
{
    GrainId GrainId { get; }

    Type InterfaceType { get; }
}

/// <summary>A reference crosses as the interface and the grain's identity; the receiver makes its own proxy.</summary>
internal sealed class GrainReferenceCodec : ReferenceCodec<IGrainReferenceProxy>
{
    protected override void WriteObject(Writer writer, IGrainReferenceProxy value)
    {
        writer.TypeOf(Codecs.For(value.InterfaceType));
        Codecs.For<GrainId>().Write(writer, value.GrainId);
    }

    protected override IGrainReferenceProxy ReadObject(ref Reader reader, int slot)
    {
        var type = reader.TypeOf().Type;
        if (!type.IsInterface || !type.IsAssignableTo(typeof(IAddressable)))
            throw new SerializerException($"{type} is no interface of a grain.");
        var proxy = (IGrainReferenceProxy)reader.Resolve(type, Codecs.For<GrainId>().Read(ref reader));
        reader.Set(slot, proxy);
        return proxy;
    }
}
