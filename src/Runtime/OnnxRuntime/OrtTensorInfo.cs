using System.Runtime.InteropServices;
using System.Text;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>One input or output of a model.</summary>
internal sealed class OrtTensorInfo
{
    private const int TensorKind = 1;

    /// <summary>Pinned for good, so that the engine can be given its address on every run.</summary>
    private readonly byte[] utf8Name;

    internal OrtTensorInfo(string name, OrtElementType elementType, long[] shape)
    {
        Name = name;
        ElementType = elementType;
        Shape = shape;
        utf8Name = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(name) + 1, pinned: true);
        Encoding.UTF8.GetBytes(name, utf8Name);
        NamePointer = Marshal.UnsafeAddrOfPinnedArrayElement(utf8Name, 0);
    }

    /// <summary>The name in the graph.</summary>
    public string Name { get; }

    /// <summary>Type of the elements; <see cref="OrtElementType.Undefined"/> when it is no tensor.</summary>
    public OrtElementType ElementType { get; }

    /// <summary>Extents; -1 where the model leaves one open.</summary>
    public long[] Shape { get; }

    /// <summary>The name as the engine wants it: UTF-8 with a 0 at its end. Valid as long as this object.</summary>
    internal nint NamePointer { get; }

    /// <summary>Reads one input's or output's description from a type info, which stays the caller's.</summary>
    internal static unsafe OrtTensorInfo Create(string name, nint typeInfo)
    {
        int kind;
        OrtApi.Check(OrtApi.GetOnnxTypeFromTypeInfo(typeInfo, &kind));
        if (kind != TensorKind)
        {
            return new OrtTensorInfo(name, OrtElementType.Undefined, []);
        }

        nint tensorInfo = 0;
        OrtApi.Check(OrtApi.CastTypeInfoToTensorInfo(typeInfo, &tensorInfo));
        var (type, shape) = Read(tensorInfo);
        return new OrtTensorInfo(name, type, shape);
    }

    internal static unsafe (OrtElementType Type, long[] Shape) Read(nint tensorInfo)
    {
        OrtElementType type;
        OrtApi.Check(OrtApi.GetTensorElementType(tensorInfo, &type));
        nuint rank = 0;
        OrtApi.Check(OrtApi.GetDimensionsCount(tensorInfo, &rank));
        var shape = new long[rank];
        fixed (long* dims = shape)
        {
            OrtApi.Check(OrtApi.GetDimensions(tensorInfo, dims, rank));
        }

        return (type, shape);
    }

    public override string ToString() => $"{Name}: {ElementType}[{string.Join(',', Shape)}]";
}
