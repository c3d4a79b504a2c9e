# A list whose entries name the lists they came from: alerts name those, and the summary counts them all as one.
cat >merged.yaml <<'END'
name: merged
indicators:
  - evil.example
  - {domain: evil.example, list: first-source, confidence: 80}
  - {domain: evil.example, list: second-source}
END
vedette replay -l merged.yaml -l names.txt capture.pcap 2>summary | grep -o '"list":"[^"]*"' | sort | uniq -c
grep -A1 '^lists' summary
