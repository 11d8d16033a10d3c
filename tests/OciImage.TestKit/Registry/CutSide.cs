namespace OciImage.TestKit.Registry;

/// <summary>Decides where the bytes of one direction are cut, and counts them. Bytes of all connections count together.</summary>
/// <remarks>All members may be used by many threads at once.</remarks>
internal sealed class CutSide
{
    private readonly Lock _lock = new();
    private readonly CuttingPlan _plan;
    private readonly Random _random;
    private int _cutsLeft;
    private long _untilCut;
    private long _bytes;

    public CutSide(CuttingPlan plan, int seed, int maxCuts)
    {
        _plan = plan;
        _random = new Random(seed);
        _cutsLeft = maxCuts;
        _untilCut = NextGap();
    }

    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Takes as many bytes as may pass before the next cut; says how to cut where that is reached.</summary>
    public int Take(int count, out CutKind? cut)
    {
        lock (_lock)
        {
            cut = null;
            int passing = count;
            if (_cutsLeft > 0 && count >= _untilCut)
            {
                passing = (int)_untilCut;
                cut = NextKind();
                _cutsLeft--;
                _untilCut = NextGap();
            }
            else
            {
                _untilCut -= count;
            }

            _bytes += passing;
            return passing;
        }
    }

    private long NextGap() => _random.NextInt64(_plan.MinGap, _plan.MaxGap + 1);

    private CutKind NextKind()
    {
        bool reset = _random.Next(2) == 0;
        return _plan.Kind != CutKind.Either ? _plan.Kind : reset ? CutKind.Reset : CutKind.End;
    }
}
