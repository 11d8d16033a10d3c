using System.Runtime.InteropServices;
using SharpFuzz;
using SharpFuzz.Common;

namespace OciImage.Fuzz.Running;

/// <summary>Counts the branches of OciImage that inputs take, as SharpFuzz's instrumentation writes them down.</summary>
internal sealed unsafe class CoverageMap : IDisposable
{
    private const int Size = 1 << 16;

    private readonly byte* _map = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] _seen = new byte[Size];

    private CoverageMap()
    {
        Trace.SharedMem = _map;
    }

    public int Branches { get; private set; }

    /// <summary>Instruments the library beside the program. No type of it may have been used before.</summary>
    public static CoverageMap Attach()
    {
        try
        {
            Fuzzer.Instrument(
                Path.Combine(AppContext.BaseDirectory, "OciImage.dll"),
                type => type.StartsWith("OciImage.", StringComparison.Ordinal),
                Options.Value);
        }
        catch (InstrumentationException)
        {
            // A run before this one did it; a build would have undone it.
        }

        return new CoverageMap();
    }

    public void Clear()
    {
        new Span<byte>(_map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Returns whether the input since <see cref="Clear"/> took a branch that none took before, or took one far more often.</summary>
    public bool HasNew()
    {
        bool isNew = false;
        var map = new ReadOnlySpan<byte>(_map, Size);
        for (int i = map.IndexOfAnyExcept((byte)0); i < Size;)
        {
            if (i < 0)
            {
                break;
            }

            byte bucket = Bucket(map[i]);
            if ((_seen[i] & bucket) == 0)
            {
                Branches += _seen[i] == 0 ? 1 : 0;
                _seen[i] |= bucket;
                isNew = true;
            }

            int next = map[(i + 1)..].IndexOfAnyExcept((byte)0);
            i = next < 0 ? Size : i + 1 + next;
        }

        return isNew;
    }

    public void Dispose() => NativeMemory.Free(_map);

    private static byte Bucket(byte count) => count switch
    {
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
