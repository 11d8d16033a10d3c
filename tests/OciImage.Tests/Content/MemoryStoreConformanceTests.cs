using OciImage.Content;
using OciImage.TestKit.Stores;

namespace OciImage.Tests.Content;

public sealed class MemoryStoreConformanceTests : ImageStoreConformance<MemoryStore>
{
    protected override ValueTask<MemoryStore> CreateAsync() => new(new MemoryStore());
}
