import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Writes what topics hold, read committed, a line each: the topic, a tab, the value.
 *
 * Kafka's console consumer ends when nothing has come for a time, which on a busy machine is before
 * the end of a topic. This one reads up to the last stable offset of each partition, and fails if it
 * does not get there. Run it from its source: java -cp LIBS tools/ReadCommitted.java HOST:PORT TOPIC…
 */
public class ReadCommitted {
    /** Without a record or a marker for as long, something is wrong. */
    private static final long PATIENCE_MS = 60_000;

    public static void main(String[] args) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("isolation.level", "read_committed");
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", "false");
        StringDeserializer text = new StringDeserializer();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings, text, text);
                BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out))) {
            List<TopicPartition> partitions = new ArrayList<>();
            Map<String, List<PartitionInfo>> topics = consumer.listTopics();
            for (String topic : List.of(args).subList(1, args.length)) {
                // One that nothing was written to is not there.
                for (PartitionInfo info : topics.getOrDefault(topic, List.of())) {
                    partitions.add(new TopicPartition(topic, info.partition()));
                }
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.currentTimeMillis() + PATIENCE_MS;
            while (true) {
                List<TopicPartition> left = partitions.stream()
                    .filter(partition -> consumer.position(partition) < ends.get(partition))
                    .collect(Collectors.toList());
                if (left.isEmpty()) {
                    return;
                }
                if (System.currentTimeMillis() > deadline) {
                    throw new IllegalStateException("not read to their ends: " + left);
                }
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    deadline = System.currentTimeMillis() + PATIENCE_MS;
                    out.write(record.topic() + "\t" + record.value() + "\n");
                }
            }
        }
    }
}
